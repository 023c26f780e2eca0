using SecureAgent.Backends.Piv;
using SecureAgent.Tests.EndToEnd;
using SecureAgent.Tests.HwSim;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>A pcscd with two readers, and the readers as the product sees them.</summary>
public abstract class PcscTest : IDisposable
{
    private readonly IDisposable _use;

    private protected PcscTest()
    {
        _use = PcscOfThisProcess.Use(Daemon);
        Readers = new PcscReaders();
    }

    private protected PcscDaemon Daemon { get; } = new();

    private protected PcscReaders Readers { get; }

    private protected string FirstReader => Daemon.Readers[0].Name;

    public void Dispose()
    {
        Readers.Dispose();
        _use.Dispose();
        Daemon.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Puts a card into the first reader and waits until it is seen.</summary>
    private protected ScriptedCard Insert(Func<byte[], byte[]?>? answer = null)
    {
        ScriptedCard card = new(Daemon.Readers[0].Port, answer);
        Until(readers => readers[0].HasCard);
        return card;
    }

    /// <summary>Waits for changes until <paramref name="condition"/> holds.</summary>
    private protected IReadOnlyList<SmartCardReader> Until(Func<IReadOnlyList<SmartCardReader>, bool> condition)
    {
        using CancellationTokenSource deadline = new(Deadline.Span);
        IReadOnlyList<SmartCardReader> readers = Readers.List();
        while (!condition(readers))
        {
            readers = Readers.WaitForChange(readers, deadline.Token);
        }

        return readers;
    }

    /// <summary>Connects to the card in the first reader and leaves it so (SCARD_*_CARD), as another program.</summary>
    private protected void LeaveAsAnother(uint disposition)
    {
        PcscLite other = new();
        using PcscContext context = new(other);
        Assert.Equal(SmartCardStatus.Success, other.Connect(
            context.Value, FirstReader, Pcsc.SCARD_SHARE_SHARED, Pcsc.SCARD_PROTOCOL_T1, out nint card, out _));
        Assert.Equal(SmartCardStatus.Success, other.Disconnect(card, disposition));
    }

    private protected static SmartCardStatus StatusOf(Action action) =>
        Assert.Throws<SmartCardException>(action).Status;

    /// <summary>Runs what blocks on a thread of its own.</summary>
    private protected static Task<T> Start<T>(Func<T> blocking) => Task.Factory.StartNew(
        blocking, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
