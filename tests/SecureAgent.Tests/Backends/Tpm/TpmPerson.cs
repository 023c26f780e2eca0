using System.Collections.Concurrent;
using System.Text;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>A person at the prompter: answers with what the test lays out, and remembers every question.</summary>
internal sealed class TpmPerson : IPrompter
{
    private readonly ConcurrentQueue<PinPrompt> _questions = new();
    private readonly ConcurrentQueue<ConfirmPrompt> _confirmations = new();

    /// <summary>The answer to the nth question, counted from 1; <see langword="null"/> dismisses it.</summary>
    public Func<int, string?> Answer { get; set; } = _ => null;

    /// <summary>The answer to a yes-or-no question.</summary>
    public bool Confirms { get; set; }

    /// <summary>Questions are answered once this has completed.</summary>
    public Task Thinking { get; set; } = Task.CompletedTask;

    public IReadOnlyList<PinPrompt> Questions => [.. _questions];

    public IReadOnlyList<ConfirmPrompt> Confirmations => [.. _confirmations];

    public string? Unavailable(PeerInfo peer) => null;

    public async ValueTask<bool> ConfirmAsync(ConfirmPrompt prompt, CancellationToken ct)
    {
        _confirmations.Enqueue(prompt);
        await Thinking.WaitAsync(ct);
        return Confirms;
    }

    public async ValueTask<Secret?> ReadPinAsync(PinPrompt prompt, CancellationToken ct)
    {
        _questions.Enqueue(prompt);
        int number = _questions.Count;
        await Thinking.WaitAsync(ct);
        string? answer = Answer(number);
        if (answer is null)
        {
            return null;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(answer);
        Secret secret = new TestMemory().Allocate(Math.Max(1, bytes.Length));
        secret.Length = bytes.Length;
        bytes.CopyTo(secret.Span);
        return secret;
    }

    public IDisposable ShowTouch(TouchPrompt prompt) => new MemoryStream();
}
