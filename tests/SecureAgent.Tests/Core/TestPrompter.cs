using SecureAgent.Core;

namespace SecureAgent.Tests.Core;

/// <summary>A person who always gives the same answer.</summary>
internal sealed class TestPrompter : IPrompter
{
    private int _asked;

    public bool Answer { get; set; }

    public int Asked => Volatile.Read(ref _asked);

    public ValueTask<bool> ConfirmAsync(ConfirmPrompt prompt, CancellationToken ct)
    {
        Interlocked.Increment(ref _asked);
        return new ValueTask<bool>(Answer);
    }

    public ValueTask<Secret?> ReadPinAsync(PinPrompt prompt, CancellationToken ct) => new((Secret?)null);

    public IDisposable ShowTouch(TouchPrompt prompt) => new MemoryStream();
}
