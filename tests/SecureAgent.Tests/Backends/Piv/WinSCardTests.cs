using SecureAgent.Backends.Piv;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>The library of Windows itself, with or without readers.</summary>
public sealed class WinSCardTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Windows_lists_readers_and_no_service_is_none()
    {
        Requires.Windows("winscard.dll");
        using PcscReaders readers = new();
        Assert.All(readers.List(), reader => Assert.NotEmpty(reader.Name));
    }

    [Fact]
    public void Windows_connects_to_no_reader_of_a_name_that_there_is_not()
    {
        Requires.Windows("winscard.dll");
        using PcscReaders readers = new();
        SmartCardStatus status = Assert.Throws<SmartCardException>(() => readers.Connect("No such reader")).Status;
        SmartCardStatus[] expected = Requires.IsWine
            ? [(SmartCardStatus)0x8010_0001] // SCARD_F_INTERNAL_ERROR: Wine 8 has the functions, and nothing in them
            : [SmartCardStatus.UnknownReader, SmartCardStatus.NoService, SmartCardStatus.NoReadersAvailable];
        Assert.Contains(status, expected);
    }

    [Fact]
    public async Task Windows_ends_a_wait_that_is_cancelled()
    {
        Requires.Windows("winscard.dll");
        using PcscReaders readers = new();
        using CancellationTokenSource stop = new();
        IReadOnlyList<SmartCardReader> known = readers.List();
        Task waiting = Task.Factory.StartNew(
            () => readers.WaitForChange(known, stop.Token), Ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(EndToEnd.Deadline.Span, Ct));
    }

    [Fact]
    public async Task Windows_ends_a_wait_for_the_service_that_is_cancelled()
    {
        Requires.Windows("winscard.dll");
        using PcscReaders readers = new();
        using CancellationTokenSource stop = new();
        Task waiting = Task.Factory.StartNew(
            () => readers.WaitForService(stop.Token), Ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await stop.CancelAsync();
        Exception? e = await Record.ExceptionAsync(() => waiting.WaitAsync(EndToEnd.Deadline.Span, Ct));
        Assert.True(e is null or OperationCanceledException, $"{e}"); // nothing where the service runs
    }
}
