using System.Runtime.InteropServices;
using System.Text;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Pkcs11;

/// <summary>Which modules may be loaded. A module runs with everything that this user may do: its real path must fit a
/// pattern, and nobody but this user and root may be able to change it or put another file in its place.</summary>
public sealed class ProviderAllowList
{
    private const int ENOENT = 2;

    private readonly string _patterns;

    /// <summary>Creates the list.</summary>
    /// <param name="patterns">Patterns of real paths with <c>*</c>, which also stands for <c>/</c>, and <c>?</c>; one
    /// that begins with <c>!</c> forbids what it fits.</param>
    public ProviderAllowList(IReadOnlyList<string> patterns) => _patterns = string.Join(',', patterns);

    /// <summary>The patterns that OpenSSH's agent has.</summary>
    public static IReadOnlyList<string> DefaultPatterns { get; } = ["/usr/lib*/*", "/usr/local/lib*/*"];

    /// <summary>Checks a module.</summary>
    /// <param name="provider">Its absolute path; symbolic links are followed.</param>
    /// <returns>The file that was checked. Between this and its use only this user and root can replace it; to be sure
    /// of its being the same, compare its identity after opening it.</returns>
    /// <exception cref="BackendException">It is not there (<see cref="BackendFailure.DeviceAbsent"/>) or not
    /// allowed.</exception>
    public ProviderModule Check(string provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        string realPath = RealPathOf(provider);
        if (!WildcardPattern.MatchesList(_patterns, realPath))
        {
            throw new BackendException($"{realPath} is not among the modules that may be loaded ({_patterns}); "
                + "\"providers\" in the configuration allows more.");
        }

        try
        {
            FileStatus file = FileStatus.Of(realPath);
            if (!file.IsRegularFile)
            {
                throw new BackendException($"{realPath} is no regular file, so it is no module.");
            }

            RequireTrusted(realPath, file);
            for (string? parent = Path.GetDirectoryName(realPath); parent is not null;
                parent = Path.GetDirectoryName(parent))
            {
                FileStatus directory = FileStatus.Of(parent);
                if (!directory.IsDirectory)
                {
                    throw new BackendException($"{realPath} was moved while it was checked; try again.");
                }

                RequireTrusted(parent, directory);
            }

            return new ProviderModule(realPath, file.Identity);
        }
        catch (IOException e)
        {
            throw new BackendException($"{realPath} cannot be checked, so it is not loaded: {e.Message}.", e);
        }
    }

    /// <summary>The path of <paramref name="provider"/> without symbolic links, <c>.</c> and <c>..</c>.</summary>
    /// <exception cref="BackendException">It is relative, or there is no such file
    /// (<see cref="BackendFailure.DeviceAbsent"/>).</exception>
    internal static string RealPathOf(string provider)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new BackendException(
                $"{provider} is not loaded: this version can tell only on Linux who may change a module.");
        }

        if (!Path.IsPathRooted(provider) || provider.Contains('\0', StringComparison.Ordinal))
        {
            throw new BackendException($"\"{provider}\" is no absolute path of a module.");
        }

        byte[] resolved = new byte[Libc.PATH_MAX];
        if (Libc.RealPath(provider, resolved) != 0)
        {
            return Encoding.UTF8.GetString(resolved.AsSpan(0, resolved.AsSpan().IndexOf((byte)0)));
        }

        BackendFailure failure = Marshal.GetLastPInvokeError() == ENOENT
            ? BackendFailure.DeviceAbsent : BackendFailure.Refused;
        throw new BackendException(failure, $"{provider}: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    private static void RequireTrusted(string path, FileStatus status)
    {
        if (status.Owner != 0 && status.Owner != Libc.GetEffectiveUserId())
        {
            throw new BackendException($"{path} belongs to user {status.Owner}, who could change what is loaded; "
                + "modules and their directories must be root's or yours.");
        }

        if (status.IsWritableByOthers)
        {
            throw new BackendException($"{path} can be changed by others, who could change what is loaded; "
                + $"take that away with chmod go-w {path}.");
        }
    }
}
