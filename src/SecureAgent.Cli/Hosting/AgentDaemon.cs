using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Cli.Hosting;

/// <summary>The agent in the background, seen from both sides: the process that starts it and waits until it listens,
/// and itself, which leaves the caller's terminal, files and streams.</summary>
/// <remarks>The two are joined by pipes only, so that whoever reads the caller's output, such as a shell's
/// <c>$(...)</c>, does not wait for the agent's end. The agent says where it listens, ended by a zero; one that fails
/// says why on its standard error and ends.</remarks>
internal sealed record AgentDaemon
{
    private const int StandardOutput = 1;
    private const int StandardStreams = 3;

    /// <summary>Its process.</summary>
    public int ProcessId { get; private init; }

    /// <summary>Where it listens; <see langword="null"/> if it has failed.</summary>
    public string? Socket { get; private init; }

    /// <summary>What it ended with, if it has failed.</summary>
    public int ExitCode { get; private init; }

    /// <summary>Starts one and waits until it listens or has failed, in which case its words are on standard
    /// error.</summary>
    /// <param name="arguments">The arguments of the program.</param>
    /// <param name="surroundings">Where to repeat its words.</param>
    /// <param name="ct">Cancelled by Ctrl-C.</param>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static async Task<AgentDaemon> StartAsync(
        IReadOnlyList<string> arguments, Surroundings surroundings, CancellationToken ct)
    {
        (string file, IReadOnlyList<string> before) = ProcessArguments.Program();
        CloseDescriptorsOnStart();
        using Process process = new()
        {
            StartInfo = new ProcessStartInfo(file, [.. before, .. arguments])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{file} cannot be started once more for the background: {e.Message}.", e);
        }

        string? socket = await ReadSocketAsync(process.StandardOutput.BaseStream, ct).ConfigureAwait(false);
        if (socket is not null)
        {
            return new AgentDaemon { ProcessId = process.Id, Socket = socket };
        }

        string words = await process.StandardError.ReadToEndAsync(ct).ConfigureAwait(false);
        await process.WaitForExitAsync(ct).ConfigureAwait(false);
        await surroundings.Error.WriteAsync(words).ConfigureAwait(false);
        return new AgentDaemon { ExitCode = process.ExitCode };
    }

    /// <summary>Makes this process an agent in the background: no terminal's signals reach it any more.</summary>
    public static void Enter() => _ = Libc.CreateSession();

    /// <summary>Tells the process that started this one where it listens, and leaves its streams and its working
    /// directory.</summary>
    /// <exception cref="IOException">Nobody is there to hear it.</exception>
    public static void Announce(string socket)
    {
        using (SafeFileHandle output = new(StandardOutput, ownsHandle: false))
        using (FileStream pipe = new(output, FileAccess.Write, bufferSize: 0))
        {
            pipe.Write(Encoding.UTF8.GetBytes(socket + '\0'));
        }

        using SafeFileHandle nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        for (int stream = 0; stream < StandardStreams; stream++)
        {
            _ = Libc.Duplicate(nothing, stream);
        }

        Directory.SetCurrentDirectory("/");
    }

    /// <summary>Keeps what the caller has open, such as a lock or a pipe, from living on in the agent.</summary>
    private static void CloseDescriptorsOnStart()
    {
        foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            int descriptor = int.Parse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture);
            if (descriptor >= StandardStreams)
            {
                _ = Libc.FileControl(descriptor, Libc.F_SETFD, Libc.FD_CLOEXEC);
            }
        }
    }

    private static async Task<string?> ReadSocketAsync(Stream output, CancellationToken ct)
    {
        using MemoryStream said = new();
        byte[] piece = new byte[256];
        int count;
        while ((count = await output.ReadAsync(piece, ct).ConfigureAwait(false)) > 0)
        {
            await said.WriteAsync(piece.AsMemory(0, count), ct).ConfigureAwait(false);
            if (piece[count - 1] == 0)
            {
                return Encoding.UTF8.GetString(said.GetBuffer(), 0, (int)said.Length - 1);
            }
        }

        return null;
    }
}
