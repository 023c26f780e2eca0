using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace SecureAgent.Cli.Hosting;

/// <summary>Replaces this process by a command, so that the command has the process id that the caller knows: signals,
/// job control and the way it ends are its own.</summary>
internal static unsafe class CommandImage
{
    /// <summary>Becomes the command that the last arguments of this process name, byte for byte.</summary>
    /// <param name="words">How many arguments that are.</param>
    /// <param name="agent">The agent for its environment.</param>
    /// <returns>Why it could not be started.</returns>
    public static string Become(int words, AgentDaemon agent)
    {
        IReadOnlyList<byte[]> command = ProcessArguments.Last(words);
        _ = Libc.SetVariable("SSH_AUTH_SOCK", agent.Socket!, overwrite: 1);
        _ = Libc.SetVariable(
            "SSH_AGENT_PID", agent.ProcessId.ToString(CultureInfo.InvariantCulture), overwrite: 1);
        DiagnosticsPort.DeleteSockets();
        // .NET ignores it, and what is ignored stays ignored in the command.
        _ = Libc.SetSignal(Libc.SIGPIPE, Libc.SIG_DFL);

        // Memory is not given back: either this process image ends here, or the process does.
        byte** arguments = (byte**)NativeMemory.AllocZeroed((nuint)(words + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < words; i++)
        {
            arguments[i] = (byte*)NativeMemory.AllocZeroed((nuint)command[i].Length + 1);
            command[i].CopyTo(new Span<byte>(arguments[i], command[i].Length));
        }

        Libc.ExecuteFromPath(arguments[0], arguments);
        return $"{Encoding.UTF8.GetString(command[0])}: {Marshal.GetLastPInvokeErrorMessage()}";
    }
}
