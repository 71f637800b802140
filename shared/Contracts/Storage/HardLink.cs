using System.Runtime.InteropServices;

namespace BrainMVP.Federated.Contracts.Storage;

/// <summary>A second name for a file: no bytes are copied, and they stay until the last name is deleted.</summary>
public static partial class HardLink
{
    /// <param name="existing">A file.</param>
    /// <param name="path">Its further name; nothing may be there yet.</param>
    /// <returns>False when the file system or the system cannot do it, for example across disks.</returns>
    public static bool TryCreate(string existing, string path) =>
        OperatingSystem.IsWindows() ? CreateHardLink(path, existing, 0) : Link(existing, path) == 0;

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string path);

    [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLink(string path, string existing, nint security);
}
