using System.Diagnostics;
using System.Globalization;

namespace SecureAgent.Bench;

/// <summary>A running agent under measurement.</summary>
internal sealed class Agent : IAsyncDisposable
{
    private readonly Process _process;

    private Agent(Process process, string socket, TimeSpan startUp) =>
        (_process, Socket, StartUp) = (process, socket, startUp);

    /// <summary>Where it listens.</summary>
    public string Socket { get; }

    /// <summary>From the start of its process to its first answer, a list.</summary>
    public TimeSpan StartUp { get; }

    /// <summary>Resident size in kB (proc(5), VmRSS).</summary>
    public long ResidentKilobytes => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS:"))[6..^2],
        CultureInfo.InvariantCulture);

    /// <summary>Open file descriptors, which only root may count in a process that guards itself against
    /// debuggers.</summary>
    public string Descriptors => Environment.IsPrivilegedProcess
        ? Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd").Length.ToString(CultureInfo.InvariantCulture)
        : "only for root";

    /// <summary>Processor time of all its threads so far (proc(5), schedstat).</summary>
    public TimeSpan ProcessorTime => TimeSpan.FromMicroseconds(SumOfTasks("schedstat", text => text.Split(' ')[0]) / 1e3);

    /// <summary>How often a thread of it has slept so far and was woken (proc(5), voluntary_ctxt_switches).</summary>
    public long WakeUps => SumOfTasks("status", text => text
        .Split('\n').First(line => line.StartsWith("voluntary_ctxt_switches:")).Split(':')[1]);

    /// <summary>Starts <c>secure-agent run</c>.</summary>
    public static Agent SecureAgent(Workplace workplace, string tcti)
    {
        string socket = workplace.Socket("agent.sock");
        string[] arguments = ["run", "--socket", socket, "--tpm", tcti];
        return Start(socket, () => workplace.StartQuiet(Workplace.SecureAgent, arguments));
    }

    /// <summary>Starts <c>secure-agent ssh-agent</c>, which stands in for OpenSSH's.</summary>
    public static Agent SecureAgent(Workplace workplace)
    {
        string socket = workplace.Socket("agent.sock");
        return Start(socket, () => workplace.StartQuiet(Workplace.SecureAgent, "ssh-agent", "-D", "-a", socket));
    }

    /// <summary>Starts OpenSSH's <c>ssh-agent</c>.</summary>
    public static Agent OpenSsh(Workplace workplace)
    {
        string socket = workplace.Socket("openssh.sock");
        return Start(socket, () => workplace.StartQuiet("ssh-agent", "-D", "-a", socket));
    }

    public async ValueTask DisposeAsync()
    {
        await Workplace.StopAsync(_process);
        File.Delete(Socket);
    }

    private long SumOfTasks(string file, Func<string, string> select) => Directory
        .EnumerateDirectories($"/proc/{_process.Id}/task")
        .Sum(task => long.Parse(select(File.ReadAllText(Path.Combine(task, file))), CultureInfo.InvariantCulture));

    private static Agent Start(string socket, Func<Process> start)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Process process = start();
        using AgentConnection connection = AgentConnection.Await(socket, process);
        connection.Send(AgentConnection.List);
        connection.Receive();
        return new Agent(process, socket, watch.Elapsed);
    }
}
