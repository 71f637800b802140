using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.ObjectStorage;

/// <summary>A bucket of an S3-compatible store and the keys to it.</summary>
/// <param name="Endpoint">Scheme, host and port.</param>
/// <param name="Bucket">The bucket; it must exist.</param>
/// <param name="Prefix">What all names begin with: empty, or ending with a slash.</param>
/// <param name="Region">Region that requests are signed for.</param>
/// <param name="AccessKey">Name of the key.</param>
/// <param name="SecretKey">The key.</param>
public sealed record S3Location(Uri Endpoint, string Bucket, string Prefix, string Region, string AccessKey, string SecretKey)
{
    private const string AccessKeyVariable = "AWS_ACCESS_KEY_ID";
    private const string SecretKeyVariable = "AWS_SECRET_ACCESS_KEY";
    private const string RegionVariable = "AWS_REGION";
    private const string DefaultRegion = "us-east-1";

    /// <summary>How a bucket is written on a command line.</summary>
    public const string Form = "https://HOST[:PORT]/BUCKET[/PREFIX]";

    /// <summary>What the keys to it are called in the environment: secrets do not belong on a command line.</summary>
    public static string Variables => $"{AccessKeyVariable}, {SecretKeyVariable} and, where it is not {DefaultRegion}, {RegionVariable}";

    /// <param name="text">As <see cref="Form"/>; http only on this machine.</param>
    /// <param name="variable">Reads an environment variable.</param>
    /// <exception cref="FederationException">BMF-1006.</exception>
    public static S3Location? Parse(string? text, Func<string, string?> variable)
    {
        if (text is null)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || !(uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)) || uri.UserInfo.Length > 0 || uri.Query.Length > 0)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"--s3 \"{text}\" is not {Form} (http only on this machine, keys only in {Variables}).");
        }

        var parts = uri.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"--s3 \"{text}\" names no bucket; expected {Form}.");
        }

        return new S3Location(
            new Uri(uri.GetLeftPart(UriPartial.Authority)),
            parts[0],
            string.Concat(parts[1..].Select(p => p + "/")),
            variable(RegionVariable) is { Length: > 0 } region ? region : DefaultRegion,
            Require(AccessKeyVariable),
            Require(SecretKeyVariable));

        string Require(string name) => variable(name) is { Length: > 0 } value ? value : throw ErrorCatalogue.ArgumentInvalid.With($"--s3 needs the environment variable {name}.");
    }

    public override string ToString() => $"{Endpoint}{Bucket}/{Prefix}";
}
