using System.Text;

namespace SecureAgent.Channels.HyperV;

/// <summary>Reads what wsl.exe prints: UTF-16 of itself, unless it is a newer one with WSL_UTF8 set, and UTF-8 of
/// programs that it runs.</summary>
internal static class WslText
{
    /// <summary>The lines that are not empty, such as the names of distributions that
    /// <c>wsl --list --running --quiet</c> prints.</summary>
    public static string[] Lines(ReadOnlySpan<byte> output)
    {
        Encoding encoding = output.Contains((byte)0) ? Encoding.Unicode : Encoding.UTF8;
        return encoding.GetString(output).TrimStart('\uFEFF')
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>The id that <c>wslinfo --vm-id</c> prints.</summary>
    /// <returns><see langword="null"/> if it printed anything else, or an id that is not that of one machine.</returns>
    public static Guid? VmId(ReadOnlySpan<byte> output) =>
        Lines(output) is [var line] && Guid.TryParse(line, out Guid id) && HyperVAddress.IsOneGuest(id) ? id : null;
}
