using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using SecureAgent.Core;

namespace SecureAgent.Backends.SecurityKey;

/// <summary>Talks to ssh-sk-helper(8): one process for each request, so that no vendor's library is ever loaded into
/// the agent. Whatever becomes of the process, it does not outlive the call.</summary>
internal sealed class SkHelperProcess
{
    /// <summary>How long one signature may take. Security keys wait half a minute for a touch.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int MaxReplyBytes = 16 * 1024;
    private const int MaxWords = 200;

    // To end after the answer, and to hand over what it has said before it ended.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(1);

    private readonly string? _configured;
    private readonly TimeProvider _time;

    /// <summary>Creates it; the program is looked for when it is needed.</summary>
    /// <param name="configured">What SSH_SK_HELPER says, if anything.</param>
    /// <param name="time">The clock of <see cref="Patience"/>.</param>
    public SkHelperProcess(string? configured, TimeProvider time) => (_configured, _time) = (configured, time);

    /// <summary>Looks for the program.</summary>
    /// <exception cref="BackendException">It is not there.</exception>
    public string Find() => SkHelperProgram.Find(_configured);

    /// <summary>Starts the helper, sends <paramref name="request"/>, and waits for the answer.</summary>
    /// <param name="request">As <see cref="SkHelperRequest.Encode"/> makes it.</param>
    /// <param name="isQuotable">Whether a message may repeat what the helper wrote to its standard error: not if the
    /// request has a PIN in it, because a library may write anything.</param>
    /// <param name="ct">Cancelled when nobody waits any more: the helper is killed.</param>
    /// <exception cref="BackendException">There was no answer, or none in time.</exception>
    public SkHelperReply Ask(ReadOnlySpan<byte> request, bool isQuotable, CancellationToken ct)
    {
        using CancellationTokenSource deadline = new(Patience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        using Process process = Start();
        Task<string> words = ReadWordsAsync(process.StandardError);
        try
        {
            using CancellationTokenRegistration killing = either.Token.Register(() => Kill(process));
            Send(process, request);
            byte[]? answer = ReadAnswerAsync(process.StandardOutput.BaseStream)
                .WaitAsync(either.Token).GetAwaiter().GetResult();
            bool hasEnded = process.WaitForExit(EndPatience);
            either.Token.ThrowIfCancellationRequested();
            SkHelperReply? reply = answer is null ? null : SkHelperReply.Decode(answer);
            return reply is null || (reply.Signature is null && reply.Error == SkHelperError.SSH_ERR_INVALID_FORMAT)
                ? throw Failed(hasEnded ? process : null, reply, isQuotable ? words : null)
                : reply;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new BackendException(
                BackendFailure.Busy,
                $"The security key did not sign within {Patience.TotalSeconds} s. Touch it when it blinks, and try "
                + "again.");
        }
        finally
        {
            Kill(process);
        }
    }

    private Process Start()
    {
        string program = Find();
        ProcessStartInfo start = new(program)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!; // Null only with UseShellExecute.
        }
        catch (Win32Exception exception)
        {
            throw new BackendException(
                BackendFailure.DeviceAbsent,
                $"Security keys cannot be used: {program} cannot be started: "
                + $"{Marshal.GetPInvokeErrorMessage(exception.NativeErrorCode)}.",
                exception);
        }
    }

    private static void Send(Process process, ReadOnlySpan<byte> request)
    {
        try
        {
            // The stream below has no buffer, in which a copy would stay.
            using Stream input = process.StandardInput.BaseStream;
            input.Write(request);
        }
        catch (IOException)
        {
            // It ended without reading: the missing answer tells.
        }
    }

    /// <summary>Reads <c>uint32 length</c> and as many bytes.</summary>
    /// <returns><see langword="null"/> if the helper ended before.</returns>
    private static async Task<byte[]?> ReadAnswerAsync(Stream output)
    {
        try
        {
            byte[] head = new byte[sizeof(uint)];
            await output.ReadExactlyAsync(head).ConfigureAwait(false);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(head);
            if (length > MaxReplyBytes)
            {
                throw new BackendException(
                    $"ssh-sk-helper announced an answer of {length} bytes, which is no signature.");
            }

            byte[] answer = new byte[length];
            await output.ReadExactlyAsync(answer).ConfigureAwait(false);
            return answer;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return null; // The second: nobody waited any more.
        }
    }

    /// <summary>Reads to the end, so that the helper never waits for a reader, and keeps the first words.</summary>
    private static async Task<string> ReadWordsAsync(StreamReader error)
    {
        char[] buffer = new char[MaxWords];
        string words = "";
        try
        {
            int read;
            while ((read = await error.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                words = (words + new string(buffer, 0, read))[..Math.Min(MaxWords, words.Length + read)];
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Nobody waits for them any more.
        }

        return words.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault("").Trim();
    }

    private static BackendException Failed(Process? ended, SkHelperReply? reply, Task<string>? words)
    {
        string said = words is not null && words.Wait(EndPatience) ? words.Result : "";
        string what = reply is not null ? "The security key, or the library that speaks to it, refused to sign"
            : ended is not null ? $"Nothing was signed: ssh-sk-helper ended with exit code {ended.ExitCode}"
            : "Nothing was signed: ssh-sk-helper closed its output";
        return new BackendException(said.Length > 0 ? $"{what}: {said}." : $"{what}, and did not say why.");
    }

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended just now.
        }
    }
}
