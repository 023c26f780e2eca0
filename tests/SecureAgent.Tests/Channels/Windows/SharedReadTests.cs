using SecureAgent.Channels.Windows;

namespace SecureAgent.Tests.Channels.Windows;

public sealed class SharedReadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task All_who_ask_while_one_looks_share_the_next_look_and_no_earlier_one()
    {
        using SemaphoreSlim begun = new(0);
        using SemaphoreSlim mayEnd = new(0);
        int looks = 0;
        SharedRead<int> shared = new(() =>
        {
            int look = Interlocked.Increment(ref looks);
            begun.Release();
            Assert.True(mayEnd.Wait(Patience));
            return look;
        });
        Task<int> first = shared.ReadAsync();
        await begun.WaitAsync(Patience, TestContext.Current.CancellationToken);

        Task<int>[] others = [.. Enumerable.Range(0, 64).Select(_ => shared.ReadAsync())];
        mayEnd.Release(2);

        Assert.Equal(1, await first.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.All(await Task.WhenAll(others).WaitAsync(Patience, TestContext.Current.CancellationToken), look => Assert.Equal(2, look));
    }

    [Fact]
    public async Task A_look_that_fails_fails_for_those_who_asked_and_for_nobody_after()
    {
        int looks = 0;
        SharedRead<int> shared = new(() => ++looks == 1 ? throw new InvalidOperationException() : looks);

        await Assert.ThrowsAsync<InvalidOperationException>(shared.ReadAsync);

        Assert.Equal(2, await shared.ReadAsync());
    }
}
