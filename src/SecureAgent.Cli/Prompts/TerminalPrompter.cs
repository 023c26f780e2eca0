using System.ComponentModel;
using System.Text;
using SecureAgent.Core;

namespace SecureAgent.Cli.Prompts;

/// <summary>Asks on the terminal that the process was started from, without echo. Not through standard input and
/// output, which belong to the command and to scripts.</summary>
internal sealed class TerminalPrompter : IPromptSurface, IDisposable
{
    private const int MaxAnswerBytes = 1024;
    private const byte CtrlC = 0x03;
    private const byte CtrlD = 0x04;
    private const byte Backspace = 0x08;
    private const byte CtrlU = 0x15;
    private const byte Delete = 0x7F;

    // How soon a cancelled prompt is taken away. It costs wake-ups only while a person is being asked.
    private const int PollMilliseconds = 100;

    private static readonly TimeSpan LongestInterrupt = TimeSpan.FromSeconds(1);

    private readonly ISecretMemory _memory;
    private readonly bool _inputIsTerminal;

    // One question at a time, or the person would answer the wrong one.
    private readonly SemaphoreSlim _asking = new(1, 1);

    /// <summary>Creates the prompter.</summary>
    /// <param name="memory">Where answers are kept.</param>
    /// <param name="inputIsTerminal">Whether standard input is a terminal; without, nobody is asked.</param>
    public TerminalPrompter(ISecretMemory memory, bool inputIsTerminal) =>
        (_memory, _inputIsTerminal) = (memory, inputIsTerminal);

    /// <inheritdoc/>
    public string? Unavailable(int? asker)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "prompts on the terminal are made on Linux only";
        }

        if (!_inputIsTerminal)
        {
            return "standard input is not a terminal";
        }

        try
        {
            using FileStream terminal = Open();
            return TerminalMode.CanAsk(terminal.SafeFileHandle, asker) ? null : "another job has the terminal";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "there is no terminal";
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Secret?> ReadSecretAsync(string text, CancellationToken ct)
    {
        await _asking.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await Task.Factory.StartNew(
                () => ReadLine(text, ct), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                    .ConfigureAwait(false);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ConfirmAsync(string text, CancellationToken ct)
    {
        using Secret? answer = await ReadSecretAsync(text + "\nType yes to allow", ct).ConfigureAwait(false);
        return answer is not null && Ascii.EqualsIgnoreCase(answer.Span, "yes"u8);
    }

    /// <inheritdoc/>
    public IDisposable Show(string text)
    {
        using FileStream terminal = Open();
        Write(terminal, text + "\n");
        return new Notice();
    }

    /// <inheritdoc/>
    public void Dispose() => _asking.Dispose();

    private static FileStream Open() =>
        new("/dev/tty", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);

    private Secret? ReadLine(string text, CancellationToken ct)
    {
        try
        {
            using FileStream terminal = Open();
            using TerminalMode mode = new(terminal.SafeFileHandle);
            Write(terminal, text + ": ");
            Secret? answer = ReadLine(terminal, ct, out bool interrupted);
            Write(terminal, "\n");
            mode.Dispose();
            if (interrupted)
            {
                mode.Interrupt();
                // The signal comes back on another thread, and cancels a command.
                ct.WaitHandle.WaitOne(LongestInterrupt);
                ct.ThrowIfCancellationRequested();
            }

            return answer;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            throw new BackendException(
                BackendFailure.PinRequired, $"Nobody can be asked: the terminal cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Reads to the end of the line, byte by byte into the secret.</summary>
    private Secret? ReadLine(FileStream terminal, CancellationToken ct, out bool interrupted)
    {
        interrupted = false;
        Secret answer = _memory.Allocate(MaxAnswerBytes);
        int length = 0;
        try
        {
            while (true)
            {
                byte read = ReadByte(terminal, ct);
                switch (read)
                {
                    case (byte)'\r' or (byte)'\n' or CtrlD or CtrlC:
                        interrupted = read == CtrlC;
                        if (interrupted || length == 0)
                        {
                            answer.Dispose();
                            return null;
                        }

                        answer.Length = length;
                        return answer;
                    case Backspace or Delete:
                        length = WithoutLastCharacter(answer.Span[..length]);
                        break;
                    case CtrlU:
                        length = 0;
                        break;
                    default:
                        if (length == MaxAnswerBytes)
                        {
                            throw new BackendException(
                                BackendFailure.PinRequired, $"The answer was longer than {MaxAnswerBytes} bytes.");
                        }

                        answer.Span[length++] = read;
                        break;
                }
            }
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private static byte ReadByte(FileStream terminal, CancellationToken ct)
    {
        Span<byte> one = stackalloc byte[1];
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            if (TerminalMode.WaitForInput(terminal.SafeFileHandle, PollMilliseconds))
            {
                if (terminal.ReadAtLeast(one, 1, throwOnEndOfStream: false) == 0)
                {
                    throw new IOException("it was closed.");
                }

                byte read = one[0];
                one.Clear();
                return read;
            }
        }
    }

    /// <summary>The length without the last UTF-8 character.</summary>
    private static int WithoutLastCharacter(ReadOnlySpan<byte> text)
    {
        int length = text.Length;
        while (length > 0 && (text[--length] & 0xC0) == 0x80)
        {
        }

        return length;
    }

    private static void Write(FileStream terminal, string text) =>
        terminal.Write(Encoding.UTF8.GetBytes(text));

    /// <summary>What was written on a terminal stays there.</summary>
    private sealed class Notice : IDisposable
    {
        /// <summary>Does nothing.</summary>
        public void Dispose()
        {
        }
    }
}
