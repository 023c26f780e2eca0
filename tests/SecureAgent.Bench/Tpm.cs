using System.Diagnostics;

namespace SecureAgent.Bench;

/// <summary>A fresh TPM on its own socket, speaking swtpm's protocol.</summary>
internal sealed class Tpm : IAsyncDisposable
{
    private readonly Process _process;

    private Tpm(string name, Process process, string tcti) => (Name, _process, Tcti) = (name, process, tcti);

    /// <summary>What the tables call it.</summary>
    public string Name { get; }

    /// <summary>How to reach it.</summary>
    public string Tcti { get; }

    /// <summary>Starts swtpm.</summary>
    public static async Task<Tpm> SwtpmAsync(Workplace workplace)
    {
        string socket = workplace.Socket("swtpm.sock");
        Process process = workplace.StartQuiet(
            "swtpm", "socket", "--tpm2",
            "--server", $"type=unixio,path={socket}",
            "--tpmstate", $"dir={Path.Combine(workplace.Root, "tpm")}",
            "--flags", "not-need-init,startup-clear");
        while (!File.Exists(socket) && !process.HasExited)
        {
            await Task.Delay(5);
        }

        return new Tpm("swtpm", process, $"swtpm:path={socket}");
    }

    /// <summary>Starts the simulator of hwsim.</summary>
    public static async Task<Tpm> SimulatorAsync(Workplace workplace)
    {
        string socket = workplace.Socket("hwsim.sock");
        Process process = workplace.Start(Workplace.HwSim, "tpm", "--swtpm", socket);
        while (await process.StandardOutput.ReadLineAsync() is string line)
        {
            if (line == $"swtpm:path={socket}")
            {
                return new Tpm("simulator", process, line);
            }
        }

        string error = await process.StandardError.ReadToEndAsync();
        throw new InvalidOperationException($"hwsim tpm named no endpoint: {error}");
    }

    public async ValueTask DisposeAsync() => await Workplace.StopAsync(_process);
}
