using SecureAgent.Core;

namespace SecureAgent.Tests.Core;

/// <summary>A person who gives the answer that the test sets.</summary>
internal sealed class TestPrompter : IPrompter
{
    private int _asked;

    public bool Answer { get; set; }

    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Why nobody can be asked.</summary>
    public string? Nobody { get; set; }

    public ConfirmPrompt? LastPrompt { get; private set; }

    /// <summary>Awaited before each answer.</summary>
    public Func<CancellationToken, Task> Delay { get; set; } = _ => Task.CompletedTask;

    public string? Unavailable(PeerInfo peer) => Nobody;

    public async ValueTask<bool> ConfirmAsync(ConfirmPrompt prompt, CancellationToken ct)
    {
        LastPrompt = prompt;
        Interlocked.Increment(ref _asked);
        if (Nobody is not null)
        {
            throw new BackendException(BackendFailure.PinRequired, Nobody);
        }

        await Delay(ct);
        return Answer;
    }

    public ValueTask<Secret?> ReadPinAsync(PinPrompt prompt, CancellationToken ct) => new((Secret?)null);

    public IDisposable ShowTouch(TouchPrompt prompt) => new MemoryStream();
}
