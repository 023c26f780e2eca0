using System.Runtime.CompilerServices;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>Which OpenSSH the tests run: the one in PATH, or the one installed below SECURE_AGENT_OPENSSH, a directory
/// with bin, sbin and libexec.</summary>
internal static class OpenSshUnderTest
{
    private const string Variable = "SECURE_AGENT_OPENSSH";

    /// <summary>Puts the chosen one first in PATH, where every program of a test is looked up.</summary>
    [ModuleInitializer]
    internal static void Choose()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } prefix)
        {
            string[] directories =
            [
                Path.Combine(prefix, "bin"), Path.Combine(prefix, "sbin"), Environment.GetEnvironmentVariable("PATH")!,
            ];
            Environment.SetEnvironmentVariable("PATH", string.Join(Path.PathSeparator, directories));
        }
    }
}
