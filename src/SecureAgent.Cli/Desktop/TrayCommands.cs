using System.Security.Cryptography;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;

namespace SecureAgent.Cli.Desktop;

/// <summary>Does what is chosen in the tray menu, one thing at a time: while a question stands, another choice is not
/// taken.</summary>
internal sealed class TrayCommands : IDisposable
{
    private static readonly PeerInfo Tray = new("tray") { ProcessId = Environment.ProcessId };

#pragma warning disable CA2213 // A command that is under way may still look at it.
    private readonly CancellationTokenSource _stop = new();
#pragma warning restore CA2213
    private readonly SshAgent _agent;
    private readonly PrompterChain _prompter;
    private int _busy;

    /// <summary>Creates it.</summary>
    /// <param name="agent">To lock.</param>
    /// <param name="prompter">Asks for passphrases.</param>
    public TrayCommands(SshAgent agent, PrompterChain prompter) => (_agent, _prompter) = (agent, prompter);

    /// <summary>Starts <paramref name="command"/>, unless another is still at work.</summary>
    /// <param name="command">What was chosen.</param>
    /// <param name="tell">Tells the person why it was not done, or that it was.</param>
    /// <returns>Ends when it is done; it never fails.</returns>
    public Task Start(TrayCommand command, Action<string> tell) =>
        Interlocked.Exchange(ref _busy, 1) == 0 ? Task.Run(() => RunAsync(command, tell)) : Task.CompletedTask;

    /// <summary>Takes the questions away.</summary>
    public void Dispose() => _stop.Cancel();

    private async Task RunAsync(TrayCommand command, Action<string> tell)
    {
        try
        {
            string? said = command switch
            {
                TrayCommand.Lock => await LockAsync().ConfigureAwait(false),
                TrayCommand.Unlock => await UnlockAsync().ConfigureAwait(false),
                TrayCommand.RemoveAllKeys => await RemoveAllKeysAsync().ConfigureAwait(false),
                _ => null,
            };
            if (said is not null)
            {
                tell(said);
            }
        }
        catch (BackendException e)
        {
            tell(e.Message);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The agent ends.
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private async Task<string?> LockAsync()
    {
        using Secret? passphrase = await _prompter
            .ReadSecretAsync("Choose a passphrase to lock the agent with", _stop.Token).ConfigureAwait(false);
        if (passphrase is null)
        {
            return null;
        }

        using Secret? again = await _prompter
            .ReadSecretAsync("The same passphrase again", _stop.Token).ConfigureAwait(false);
        if (again is null)
        {
            return null;
        }

        if (!CryptographicOperations.FixedTimeEquals(passphrase.Span, again.Span))
        {
            return "The passphrases differ. The agent is not locked.";
        }

        return await _agent.LockAsync(passphrase, Tray, _stop.Token).ConfigureAwait(false) is string reason
            ? $"The agent is not locked by this: {reason}."
            : "The agent is locked.";
    }

    private async Task<string?> UnlockAsync()
    {
        using Secret? passphrase = await _prompter
            .ReadSecretAsync("Passphrase to unlock the agent", _stop.Token).ConfigureAwait(false);
        return passphrase is null
            ? null
            : await _agent.UnlockAsync(passphrase, Tray, _stop.Token).ConfigureAwait(false) is string reason
                ? $"The agent is not unlocked: {reason}."
                : "The agent is unlocked.";
    }

    private async Task<string?> RemoveAllKeysAsync() =>
        await _prompter.ConfirmAsync("Remove all keys from the agent?", _stop.Token).ConfigureAwait(false)
            ? $"{_agent.RemoveAllKeys()} identities were removed."
            : null;
}
