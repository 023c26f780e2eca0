using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using SecureAgent.Cli.Hosting;
using SecureAgent.Core;

namespace SecureAgent.Cli.Prompts;

/// <summary>Asks by starting the program that SSH_ASKPASS names, as ssh(1) does: the question is its argument, the
/// answer the first line that it prints, and an exit code other than 0 means that the person said no.</summary>
internal sealed class AskpassPrompter : IPromptSurface
{
    /// <summary>Longest answer taken, in bytes.</summary>
    public const int MaxAnswerBytes = 1024;

    private const string PromptVariable = "SSH_ASKPASS_PROMPT";

    // Where Debian, Fedora and Arch keep it.
    private static readonly string[] UsualPlaces =
        ["/usr/bin/ssh-askpass", "/usr/libexec/openssh/ssh-askpass", "/usr/lib/ssh/ssh-askpass"];

    private readonly Surroundings _surroundings;
    private readonly ISecretMemory _memory;

    /// <summary>Creates the prompter; the environment is looked at now, the program when it is needed.</summary>
    public AskpassPrompter(Surroundings surroundings, ISecretMemory memory)
    {
        (_surroundings, _memory) = (surroundings, memory);
        Requirement = surroundings.Variable("SSH_ASKPASS_REQUIRE")?.ToUpperInvariant() switch
        {
            "NEVER" => AskpassRequirement.Never,
            "PREFER" => AskpassRequirement.Prefer,
            "FORCE" => AskpassRequirement.Force,
            _ => AskpassRequirement.Unset,
        };
    }

    /// <summary>What SSH_ASKPASS_REQUIRE says.</summary>
    public AskpassRequirement Requirement { get; }

    /// <inheritdoc/>
    public string? Unavailable(int? asker) => Unavailable();

    /// <summary>As the other: whom it is for makes no difference.</summary>
    public string? Unavailable()
    {
        if (Requirement == AskpassRequirement.Never)
        {
            return "SSH_ASKPASS_REQUIRE=never forbids askpass";
        }

        bool hasDisplay = OperatingSystem.IsWindows()
            || _surroundings.Variable("DISPLAY") is not null || _surroundings.Variable("WAYLAND_DISPLAY") is not null;
        if (Requirement != AskpassRequirement.Force && !hasDisplay)
        {
            return "there is no display for askpass (set DISPLAY, or SSH_ASKPASS_REQUIRE=force)";
        }

        return Program() is not null
            ? null
            : _surroundings.Variable("SSH_ASKPASS") is string named
                ? $"SSH_ASKPASS names {named}, which is not there"
                : "SSH_ASKPASS is not set";
    }

    /// <inheritdoc/>
    public async ValueTask<Secret?> ReadSecretAsync(string text, CancellationToken ct)
    {
        Secret? answer = await AskAsync(text, promptKind: null, ct).ConfigureAwait(false);
        if (answer is { Length: 0 })
        {
            answer.Dispose();
            return null;
        }

        return answer;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ConfirmAsync(string text, CancellationToken ct)
    {
        using Secret? answer = await AskAsync(text, "confirm", ct).ConfigureAwait(false);
        // An askpass that does not know SSH_ASKPASS_PROMPT lets the person type the word.
        return answer is not null && (answer.Length == 0 || Ascii.EqualsIgnoreCase(answer.Span, "yes"u8));
    }

    /// <inheritdoc/>
    public IDisposable Show(string text)
    {
        Process process = Start(text, "none");
        process.StandardOutput.Close();
        return new ShownProcess(process);
    }

    private string? Program() => _surroundings.Variable("SSH_ASKPASS") is string named
        ? ProgramSearch.Find(named, _surroundings)
        : UsualPlaces.FirstOrDefault(File.Exists);

    private Process Start(string text, string? promptKind)
    {
        string program = Program()
            ?? throw new BackendException(BackendFailure.PinRequired, $"Nobody can be asked: {Unavailable()}.");
        ProcessStartInfo start = new(program, [text])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment.Clear();
        foreach ((string name, string value) in _surroundings.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment.Remove(PromptVariable);
        if (promptKind is not null)
        {
            start.Environment[PromptVariable] = promptKind;
        }

        try
        {
            Process process = Process.Start(start)!; // Null only with UseShellExecute.
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception e)
        {
            throw new BackendException(
                BackendFailure.PinRequired,
                $"Nobody can be asked: {program} cannot be started: "
                + $"{Marshal.GetPInvokeErrorMessage(e.NativeErrorCode)}.",
                e);
        }
    }

    /// <returns>The first line of the answer; <see langword="null"/> if the program did not end with 0.</returns>
    private async ValueTask<Secret?> AskAsync(string text, string? promptKind, CancellationToken ct)
    {
        using Process process = Start(text, promptKind);
        byte[] buffer = GC.AllocateArray<byte>(MaxAnswerBytes + 1, pinned: true);
        try
        {
            int length = await FillAsync(process.StandardOutput.BaseStream, buffer, ct).WaitAsync(ct)
                .ConfigureAwait(false);
            if (length == buffer.Length)
            {
                throw Unusable(process);
            }

            await process.WaitForExitAsync(ct).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                return null;
            }

            int lineEnd = buffer.AsSpan(0, length).IndexOfAny((byte)'\r', (byte)'\n');
            Span<byte> line = buffer.AsSpan(0, lineEnd < 0 ? length : lineEnd);
            if (!Utf8.IsValid(line))
            {
                throw Unusable(process);
            }

            Secret answer = _memory.Allocate(MaxAnswerBytes);
            answer.Length = line.Length;
            line.CopyTo(answer.Span);
            return answer;
        }
        finally
        {
            // Cancelled, or an answer without end: the program is not left running, nor what it started.
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>Reads until the end or until <paramref name="buffer"/> is full. A pipe's read ends only when the
    /// program does, so that nobody waits for it after a cancellation; what it still gets is zeroed.</summary>
    private static async Task<int> FillAsync(Stream output, byte[] buffer, CancellationToken ct)
    {
        int length = 0;
        try
        {
            while (length < buffer.Length)
            {
                int read = await output.ReadAsync(buffer.AsMemory(length), CancellationToken.None)
                    .ConfigureAwait(false);
                if (read == 0)
                {
                    break;
                }

                length += read;
            }

            return length;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException && ct.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            if (ct.IsCancellationRequested)
            {
                CryptographicOperations.ZeroMemory(buffer);
            }
        }
    }

    private static BackendException Unusable(Process process) => new(
        BackendFailure.PinRequired,
        $"The answer of {process.StartInfo.FileName} was not used: it must be one line of UTF-8, "
        + $"at most {MaxAnswerBytes} bytes.");

    /// <summary>A notice on the screen: the program that shows it.</summary>
    private sealed class ShownProcess(Process process) : IDisposable
    {
        /// <summary>Takes the notice away.</summary>
        public void Dispose()
        {
            try
            {
                process.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
                // The person closed it.
            }

            process.Dispose();
        }
    }
}
