using System.Runtime.InteropServices;
using SecureAgent.Backends.Pins;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Backends.Pins;

public sealed class PinCacheTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();
    private int _asked;
    private int _alive;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_requests_share_one_question()
    {
        using PinCache cache = new(PinCachePolicy.UntilDropped, _time);
        TaskCompletionSource answer = new();
        Task<PinLease>[] requests =
            [.. Enumerable.Range(0, 100).Select(_ => cache.AcquireAsync("key", Ask(answer.Task), Ct))];
        answer.SetResult();
        foreach (PinLease lease in await Task.WhenAll(requests).WaitAsync(Deadline, Ct))
        {
            Assert.Equal("1234"u8, lease.Span);
            lease.Dispose();
        }

        Assert.Equal(1, _asked);
        using PinLease later = await cache.AcquireAsync("key", Ask(), Ct);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task PIN_is_zeroed_after_its_last_use()
    {
        using PinCache cache = new(PinCachePolicy.Uses(2), _time);
        (await cache.AcquireAsync("key", Ask(), Ct)).Dispose();
        using (await cache.AcquireAsync("key", Ask(), Ct))
        {
            Assert.Equal((1, 1), (_asked, _alive));
        }

        Assert.Equal(0, _alive);
        using PinLease third = await cache.AcquireAsync("key", Ask(), Ct);
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Each_key_has_its_own_question()
    {
        using PinCache cache = new(PinCachePolicy.UntilDropped, _time);
        using PinLease one = await cache.AcquireAsync("one", Ask(), Ct);
        using PinLease two = await cache.AcquireAsync("two", Ask(), Ct);
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_only_its_own_wait()
    {
        using PinCache cache = new(PinCachePolicy.UntilDropped, _time);
        TaskCompletionSource answer = new();
        using CancellationTokenSource leaving = new();
        Task<PinLease> first = cache.AcquireAsync("key", Ask(answer.Task), leaving.Token);
        Task<PinLease> second = cache.AcquireAsync("key", Ask(answer.Task), Ct);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Deadline, Ct));
        answer.SetResult();
        using PinLease lease = await second.WaitAsync(Deadline, Ct);
        Assert.Equal("1234"u8, lease.Span);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task The_question_goes_away_with_the_last_who_waits()
    {
        using PinCache cache = new(PinCachePolicy.UntilDropped, _time);
        TaskCompletionSource takenBack = new();
        using CancellationTokenSource leaving = new();
        Task<PinLease> only = cache.AcquireAsync("key", async (_, ct) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ct).ContinueWith(_ => { }, TaskScheduler.Default);
            takenBack.SetResult();
            return NewPin();
        }, leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only.WaitAsync(Deadline, Ct));
        await takenBack.Task.WaitAsync(Deadline, Ct);
        using PinLease next = await cache.AcquireAsync("key", Ask(), Ct);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Locking_takes_back_an_open_question()
    {
        using PinCache cache = new(PinCachePolicy.UntilDropped, _time);
        Task<PinLease> waiting = cache.AcquireAsync("key", async (_, ct) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
            return NewPin();
        }, Ct);
        cache.DropAll();
        BackendException exception = await Assert.ThrowsAsync<BackendException>(() => waiting.WaitAsync(Deadline, Ct));
        Assert.Equal(BackendFailure.PinRequired, exception.Failure);
    }

    [Fact]
    public async Task Locking_zeroes_a_kept_PIN_once_nobody_is_sending_it()
    {
        using PinCache cache = new(PinCachePolicy.UntilDropped, _time);
        PinLease lease = await cache.AcquireAsync("key", Ask(), Ct);
        cache.DropAll();
        Assert.False(lease.IsCurrent);
        Assert.False(lease.IsRefused);
        Assert.Equal(1, _alive);
        lease.Dispose();
        lease.Dispose();
        Assert.Equal(0, _alive);
    }

    [Fact]
    public async Task A_PIN_is_kept_no_longer_than_the_policy_says()
    {
        using PinCache cache = new(PinCachePolicy.For(TimeSpan.FromMinutes(10)), _time);
        (await cache.AcquireAsync("key", Ask(), Ct)).Dispose();
        _time.Advance(TimeSpan.FromMinutes(9));
        (await cache.AcquireAsync("key", Ask(), Ct)).Dispose();
        Assert.Equal(1, _asked);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, _alive);
        (await cache.AcquireAsync("key", Ask(), Ct)).Dispose();
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Without_keeping_a_PIN_is_gone_after_its_use_and_no_timer_is_left()
    {
        using PinCache cache = new(PinCachePolicy.Never, _time);
        (await cache.AcquireAsync("key", Ask(), Ct)).Dispose();
        Assert.Equal(0, _alive);
        Assert.Equal(0, _time.Armed);
        (await cache.AcquireAsync("key", Ask(), Ct)).Dispose();
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task A_refused_PIN_is_forgotten_and_the_next_question_says_so()
    {
        using PinCache cache = new(PinCachePolicy.UntilDropped, _time);
        PinLease one = await cache.AcquireAsync("key", Ask(), Ct);
        PinLease other = await cache.AcquireAsync("key", Ask(), Ct);
        one.Reject();
        Assert.False(other.IsCurrent);
        Assert.True(other.IsRefused);
        bool? wrong = null;
        PinLease next = await cache.AcquireAsync("key", (previousWasWrong, _) =>
        {
            wrong = previousWasWrong;
            return Task.FromResult(NewPin());
        }, Ct);
        Assert.True(wrong);
        next.Accept();
        Assert.True(next.IsCurrent);
        one.Dispose();
        other.Dispose();
        next.Dispose();
        Assert.Equal(1, _alive);
    }

    [Fact]
    public async Task A_dismissed_question_refuses_all_who_wait_and_can_be_asked_again()
    {
        using PinCache cache = new(PinCachePolicy.UntilDropped, _time);
        TaskCompletionSource dismissed = new();
        PinCache.AskPin dismiss = async (_, _) =>
        {
            await dismissed.Task;
            throw new BackendException(BackendFailure.PinRequired, "dismissed");
        };
        Task<PinLease>[] requests = [.. Enumerable.Range(0, 10).Select(_ => cache.AcquireAsync("key", dismiss, Ct))];
        dismissed.SetResult();
        foreach (Task<PinLease> request in requests)
        {
            await Assert.ThrowsAsync<BackendException>(() => request.WaitAsync(Deadline, Ct));
        }

        using PinLease lease = await cache.AcquireAsync("key", Ask(), Ct);
        Assert.Equal(1, _asked);
    }

    private PinCache.AskPin Ask(Task? after = null) => async (_, _) =>
    {
        Interlocked.Increment(ref _asked);
        await (after ?? Task.CompletedTask);
        return NewPin();
    };

    private unsafe Secret NewPin()
    {
        Interlocked.Increment(ref _alive);
        Secret pin = new((nint)NativeMemory.Alloc(4), 4, address =>
        {
            NativeMemory.Free((void*)address);
            Interlocked.Decrement(ref _alive);
        });
        "1234"u8.CopyTo(pin.Span);
        return pin;
    }
}
