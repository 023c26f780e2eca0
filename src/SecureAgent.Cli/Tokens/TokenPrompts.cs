using System.Security.Cryptography;
using SecureAgent.Backends.Piv;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;

namespace SecureAgent.Cli.Tokens;

/// <summary>Asks for the secrets of one token: new ones twice, the management key in hexadecimal. What the token has from
/// its maker is not asked for, because everybody knows it.</summary>
internal sealed class TokenPrompts : IDisposable
{
    private const int NewSecretRounds = 3;
    private const int ManagementKeyMaxBytes = 32;

    private readonly PrompterChain _prompter;
    private readonly ISecretMemory _memory;
    private readonly TextWriter _error;
    private Secret? _newPin;

    /// <summary>Creates the prompts.</summary>
    /// <param name="prompter">Asks.</param>
    /// <param name="memory">Where secrets go.</param>
    /// <param name="error">Where it is said that the token waits for a touch.</param>
    public TokenPrompts(PrompterChain prompter, ISecretMemory memory, TextWriter error) =>
        (_prompter, _memory, _error) = (prompter, memory, error);

    /// <summary>The token, once it is known.</summary>
    public PivTokenInfo? Info { get; set; }

    private string Device => Info?.Token.Name ?? "the token";

    /// <summary>Asks for one of them (<see cref="AskPivSecret"/>).</summary>
    public async ValueTask<Secret?> AskAsync(PivSecretKind kind, int? triesLeft, CancellationToken ct)
    {
        switch (kind)
        {
            case PivSecretKind.Pin when _newPin is not null:
                return Copy(_newPin.Span);
            case PivSecretKind.Pin when Info?.Pin?.IsDefault == true:
                return Copy("123456"u8);
            case PivSecretKind.Puk when Info?.Puk?.IsDefault == true:
                return Copy("12345678"u8);
            case PivSecretKind.Pin:
                return await ReadAsync("PIN", triesLeft, ct).ConfigureAwait(false);
            case PivSecretKind.Puk:
                return await ReadAsync("PUK", triesLeft, ct).ConfigureAwait(false);
            case PivSecretKind.NewPin:
                Secret? pin = await ReadNewAsync("PIN", ct).ConfigureAwait(false);
                _newPin?.Dispose();
                _newPin = pin is null ? null : Copy(pin.Span);
                return pin;
            case PivSecretKind.NewPuk:
                return await ReadNewAsync("PUK", ct).ConfigureAwait(false);
            default:
                return await ReadManagementKeyAsync(ct).ConfigureAwait(false);
        }
    }

    /// <summary>Says that the token waits for a touch.</summary>
    public IDisposable ShowTouch()
    {
        _error.WriteLine($"Touch {Device}, which blinks.");
        return new Line();
    }

    /// <summary>Zeroes what it remembers.</summary>
    public void Dispose() => _newPin?.Dispose();

    private async ValueTask<Secret?> ReadAsync(string what, int? triesLeft, CancellationToken ct)
    {
        string tries = triesLeft switch
        {
            null => "",
            1 => " (last try: a wrong one blocks it)",
            _ => $" ({triesLeft} tries left)",
        };
        return await _prompter.ReadSecretAsync($"{what} of {Device}{tries}", ct).ConfigureAwait(false);
    }

    private async ValueTask<Secret?> ReadNewAsync(string what, CancellationToken ct)
    {
        string question = $"New {what} for {Device}, 6 to 8 characters";
        for (int round = 0; round < NewSecretRounds; round++)
        {
            Secret? first = await _prompter.ReadSecretAsync(question, ct).ConfigureAwait(false);
            if (first is null)
            {
                return null;
            }

            using Secret? again = await _prompter
                .ReadSecretAsync($"The new {what} for {Device} once more", ct).ConfigureAwait(false);
            if (again is not null && CryptographicOperations.FixedTimeEquals(first.Span, again.Span))
            {
                return first;
            }

            first.Dispose();
            if (again is null)
            {
                return null;
            }

            question = $"The two were different. New {what} for {Device}, 6 to 8 characters";
        }

        return null;
    }

    private async ValueTask<Secret?> ReadManagementKeyAsync(CancellationToken ct)
    {
        using Secret? text = await _prompter
            .ReadSecretAsync($"Management key of {Device}, in hexadecimal", ct).ConfigureAwait(false);
        if (text is null)
        {
            return null;
        }

        Secret key = _memory.Allocate(ManagementKeyMaxBytes);
        if (text.Length <= 2 * ManagementKeyMaxBytes
            && Convert.FromHexString(text.Span, key.Span, out _, out int length) == System.Buffers.OperationStatus.Done)
        {
            key.Length = length;
            return key;
        }

        key.Dispose();
        throw new BackendException(BackendFailure.PinRequired,
            $"A management key is 32, 48 or 64 hexadecimal digits, and the answer was not. Nothing was sent to {Device}.");
    }

    private Secret Copy(ReadOnlySpan<byte> bytes)
    {
        Secret copy = _memory.Allocate(bytes.Length);
        bytes.CopyTo(copy.Span);
        return copy;
    }

    // A line stays where it is.
    private sealed class Line : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
