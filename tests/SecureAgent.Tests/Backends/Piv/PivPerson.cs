using System.Collections.Concurrent;
using System.Text;
using SecureAgent.Core;
using SecureAgent.Tests.Cli;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>A person with a list of PINs to give; with none left, the prompt is dismissed.</summary>
internal sealed class PivPerson : IPrompter
{
    private readonly ConcurrentQueue<string> _answers = new();
    private readonly ConcurrentQueue<PinPrompt> _prompts = new();
    private int _hintsShown;

    public PivPerson(params string[] answers)
    {
        foreach (string answer in answers)
        {
            _answers.Enqueue(answer);
        }
    }

    public PlainMemory Memory { get; } = new();

    /// <summary>Every question for a PIN.</summary>
    public IReadOnlyList<PinPrompt> Prompts => [.. _prompts];

    /// <summary>Every question for consent.</summary>
    public ConcurrentQueue<ConfirmPrompt> Consents { get; } = new();

    /// <summary>The answer to those.</summary>
    public bool Consent { get; set; }

    /// <summary>Awaited before each PIN.</summary>
    public Func<CancellationToken, Task> Delay { get; set; } = _ => Task.CompletedTask;

    /// <summary>Every touch hint.</summary>
    public ConcurrentQueue<TouchPrompt> Touches { get; } = new();

    /// <summary>Touch hints that are on the screen.</summary>
    public int HintsShown => Volatile.Read(ref _hintsShown);

    /// <summary>Called when a touch hint appears.</summary>
    public Action OnTouch { get; set; } = () => { };

    public void Give(string pin) => _answers.Enqueue(pin);

    public string? Unavailable(PeerInfo peer) => null;

    public ValueTask<bool> ConfirmAsync(ConfirmPrompt prompt, CancellationToken ct)
    {
        Consents.Enqueue(prompt);
        return new ValueTask<bool>(Consent);
    }

    public async ValueTask<Secret?> ReadPinAsync(PinPrompt prompt, CancellationToken ct)
    {
        _prompts.Enqueue(prompt);
        await Delay(ct);
        if (!_answers.TryDequeue(out string? answer))
        {
            return null;
        }

        byte[] pin = Encoding.UTF8.GetBytes(answer);
        Secret secret = Memory.Allocate(Math.Max(pin.Length, 1));
        secret.Length = pin.Length;
        pin.CopyTo(secret.Span);
        return secret;
    }

    public IDisposable ShowTouch(TouchPrompt prompt)
    {
        Touches.Enqueue(prompt);
        Interlocked.Increment(ref _hintsShown);
        OnTouch();
        return new Hint(this);
    }

    private sealed class Hint(PivPerson person) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref person._hintsShown);
    }
}
