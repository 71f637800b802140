using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Json;

/// <summary>
/// The one byte form of a document: UTF-8 JSON, object keys in ordinal order, no white space, integers in decimal,
/// other numbers in the shortest form that reads back to the same double, no NaN or infinity, null members left out.
/// Two equal documents have equal bytes, so the SHA-256 of the bytes is the document's identity.
/// </summary>
public static class CanonicalJson
{
    /// <summary>Largest document accepted from outside, in bytes.</summary>
    public const int MaximumBytes = 8 * 1024 * 1024;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        MaxDepth = 32,
        RespectRequiredConstructorParameters = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutNullable, LeaveOutDefaultsOfLaterVersions } },
    };

    private static readonly JsonWriterOptions Compact = new() { Indented = false, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The canonical bytes of a document.</summary>
    public static byte[] Serialize<T>(T document) => Write(JsonSerializer.SerializeToNode(document, Options), Compact);

    /// <summary>The same content laid out for people. Not canonical, never hashed.</summary>
    public static string ToReadable<T>(T document) => Encoding.UTF8.GetString(Write(JsonSerializer.SerializeToNode(document, Options), Readable));

    /// <summary>Reads a document that must be in canonical form.</summary>
    /// <exception cref="FederationException">BMF-1011 when malformed, too large, with unknown members or not canonical.</exception>
    public static T Deserialize<T>(ReadOnlySpan<byte> bytes)
    {
        var document = Read<T>(bytes);
        if (!IsCanonical(document, bytes) || HasNull(bytes))
        {
            throw ErrorCatalogue.DocumentInvalid.With($"A {typeof(T).Name} is not in canonical form.");
        }

        return document;
    }

    /// <summary>Reads a document that people may have laid out; unknown members are still refused.</summary>
    /// <exception cref="FederationException">BMF-1011 when malformed or too large.</exception>
    public static T Read<T>(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaximumBytes)
        {
            throw ErrorCatalogue.DocumentInvalid.With($"A {typeof(T).Name} of {bytes.Length} bytes is larger than {MaximumBytes}.");
        }

        try
        {
            return JsonSerializer.Deserialize<T>(bytes, Options)
                ?? throw ErrorCatalogue.DocumentInvalid.With($"A {typeof(T).Name} is null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or FormatException)
        {
            throw ErrorCatalogue.DocumentInvalid.With($"A {typeof(T).Name} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Lower-case hexadecimal SHA-256 of the canonical bytes.</summary>
    public static string Hash<T>(T document) => Hash(Serialize(document));

    /// <summary>Lower-case hexadecimal SHA-256. Stands here so that an array of bytes is hashed as bytes and not as a document.</summary>
    public static string Hash(byte[] bytes) => Hash(bytes.AsSpan());

    /// <summary>Lower-case hexadecimal SHA-256.</summary>
    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Null members are not written, so a parameter that may be null may be missing; every other one must be there.</summary>
    private static void LeaveOutNullable(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property is { AssociatedParameter: not null, IsRequired: true, IsGetNullable: true })
            {
                property.IsRequired = false;
            }
        }
    }

    private static void LeaveOutDefaultsOfLaterVersions(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.AttributeProvider?.IsDefined(typeof(SinceAttribute), inherit: false) == true && property.Get is { } get)
            {
                var usual = get(Activator.CreateInstance(type.Type)!);
                property.ShouldSerialize = (_, value) => value is not null && !SameContent(value, usual);
            }
        }
    }

    /// <summary>Whether two values have the same canonical bytes: lists and records of lists are equal by content.</summary>
    public static bool SameContent(object? a, object? b) =>
        Equals(a, b) || (a is not null && b is not null && !a.GetType().IsPrimitive && a is not string
            && JsonNode.DeepEquals(JsonSerializer.SerializeToNode(a, a.GetType(), Options), JsonSerializer.SerializeToNode(b, b.GetType(), Options)));

    private static bool IsCanonical<T>(T document, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Serialize(document).AsSpan().SequenceEqual(bytes);
        }
        catch (ArgumentException)
        {
            // A number too large for a double was read as infinity, which has no canonical form.
            return false;
        }
    }

    /// <summary>Items and entries that are null have no member that could be left out; no document has them.</summary>
    private static bool HasNull(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Null)
            {
                return true;
            }
        }

        return false;
    }

    private static byte[] Write(JsonNode? node, JsonWriterOptions options)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            WriteNode(writer, node);
        }

        return buffer.ToArray();
    }

    private static void WriteNode(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case null:
                writer.WriteNullValue();
                break;
            case JsonObject members:
                writer.WriteStartObject();
                foreach (var (name, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    WriteNode(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray items:
                writer.WriteStartArray();
                foreach (var item in items)
                {
                    WriteNode(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                WriteValue(writer, node.AsValue());
                break;
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, JsonValue value)
    {
        if (value.GetValueKind() != JsonValueKind.Number)
        {
            value.WriteTo(writer);
            return;
        }

        var text = value.ToJsonString();
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') < 0)
        {
            writer.WriteRawValue(text == "-0" ? "0" : text);
            return;
        }

        var number = double.Parse(text, CultureInfo.InvariantCulture);
        writer.WriteRawValue(number == 0 ? "0" : number.ToString("R", CultureInfo.InvariantCulture));
    }
}
