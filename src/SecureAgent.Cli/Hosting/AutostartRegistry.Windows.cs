using System.Runtime.Versioning;
using Microsoft.Win32;

namespace SecureAgent.Cli.Hosting;

/// <summary>The user's programs that Windows starts at logon, which no administrator is needed for.</summary>
[SupportedOSPlatform("windows")]
internal static class AutostartRegistry
{
    private const string Key = @"Software\Microsoft\Windows\CurrentVersion\Run";

    /// <summary>Where an entry is, for a person to read.</summary>
    public static string PathOf(string name) => $@"HKEY_CURRENT_USER\{Key}\{name}";

    /// <summary>The command line of an entry; <see langword="null"/> if there is none.</summary>
    public static string? Read(string name)
    {
        using RegistryKey? key = Registry.CurrentUser.OpenSubKey(Key);
        // One that is no text is nobody's command line, but somebody's.
        return key?.GetValue(name)?.ToString();
    }

    /// <summary>Writes an entry.</summary>
    public static void Write(string name, string commandLine)
    {
        using RegistryKey key = Registry.CurrentUser.CreateSubKey(Key);
        key.SetValue(name, commandLine, RegistryValueKind.String);
    }

    /// <summary>Deletes an entry.</summary>
    public static void Delete(string name)
    {
        using RegistryKey? key = Registry.CurrentUser.OpenSubKey(Key, writable: true);
        key?.DeleteValue(name, throwOnMissingValue: false);
    }
}
