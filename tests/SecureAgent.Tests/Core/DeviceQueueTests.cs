using System.Collections.Concurrent;
using SecureAgent.Core;

namespace SecureAgent.Tests.Core;

public sealed class DeviceQueueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_run_one_at_a_time_in_the_order_of_arrival()
    {
        await using DeviceQueue queue = new("test", TimeProvider.System);
        ConcurrentQueue<int> order = new();
        int running = 0;
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => queue.RunAsync(_ =>
        {
            Assert.Equal(1, Interlocked.Increment(ref running));
            order.Enqueue(i);
            return Interlocked.Decrement(ref running);
        }, Test))).WaitAsync(Patience, Test);
        Assert.Equal(Enumerable.Range(0, 500), order);
    }

    [Fact]
    public async Task Busy_client_gets_no_second_turn_before_others_had_their_first()
    {
        await using DeviceQueue queue = new("test", TimeProvider.System);
        using SemaphoreSlim first = new(0);
        ConcurrentQueue<string> order = new();
        Task busy = Task.Run(async () =>
        {
            await queue.RunAsync(_ => first.Wait(Patience, Test), Test);
            await queue.RunAsync(_ => { order.Enqueue("busy"); return 0; }, Test);
        }, Test);
        Task others = Task.CompletedTask;
        while (queue.Waiting < 10)
        {
            others = Task.WhenAll(others, queue.RunAsync(_ => { order.Enqueue("other"); return 0; }, Test));
        }

        first.Release();
        await Task.WhenAll(busy, others).WaitAsync(Patience, Test);
        Assert.Equal("busy", order.Last());
    }

    [Fact]
    public async Task Waiting_job_leaves_at_once_when_cancelled_and_never_runs()
    {
        await using DeviceQueue queue = new("test", TimeProvider.System);
        using ManualResetEventSlim release = new();
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> running = queue.RunAsync(_ =>
        {
            started.SetResult();
            return release.Wait(Patience, Test);
        }, Test);
        await started.Task.WaitAsync(Patience, Test);
        using CancellationTokenSource leaving = new();
        bool ran = false;
        Task<bool> waiting = queue.RunAsync(_ => ran = true, leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience, Test));
        Assert.Equal(0, queue.Waiting);
        release.Set();
        await running.WaitAsync(Patience, Test);
        await queue.RunAsync(_ => 0, Test);
        Assert.False(ran);
    }

    [Fact]
    public async Task Running_job_hears_of_the_cancellation_and_ends_by_itself()
    {
        await using DeviceQueue queue = new("test", TimeProvider.System);
        using CancellationTokenSource leaving = new();
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> running = queue.RunAsync<int>(ct =>
        {
            started.SetResult();
            ct.WaitHandle.WaitOne(Patience);
            throw new BackendException("cancelled by the device");
        }, leaving.Token);
        await started.Task.WaitAsync(Patience, Test);
        await leaving.CancelAsync();
        BackendException said = await Assert.ThrowsAsync<BackendException>(() => running.WaitAsync(Patience, Test));
        Assert.Equal("cancelled by the device", said.Message);
    }

    [Fact]
    public async Task Failed_job_fails_alone()
    {
        await using DeviceQueue queue = new("test", TimeProvider.System);
        Task<int> failing = queue.RunAsync<int>(_ => throw new BackendException("no"), Test);
        Task<int> next = queue.RunAsync(_ => 7, Test);
        await Assert.ThrowsAsync<BackendException>(() => failing);
        Assert.Equal(7, await next.WaitAsync(Patience, Test));
    }

    [Fact]
    public async Task Continuations_do_not_run_on_the_thread_of_the_device()
    {
        await using DeviceQueue queue = new("test", TimeProvider.System);
        int device = 0;
        int continued = await queue.RunAsync(_ => device = Environment.CurrentManagedThreadId, Test).ContinueWith(
            _ => Environment.CurrentManagedThreadId,
            Test,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        Assert.NotEqual(device, continued);
    }

    [Fact]
    public async Task Device_that_hangs_blocks_neither_enqueueing_nor_another_device()
    {
        await using DeviceQueue other = new("other", TimeProvider.System);
        ManualTime time = new();
        using ManualResetEventSlim release = new();
        DeviceQueue hanging = new("hanging", time);
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> hung = hanging.RunAsync(_ =>
        {
            started.SetResult();
            return release.Wait(Patience, Test);
        }, Test);
        await started.Task.WaitAsync(Patience, Test);
        Task<int> queued = hanging.RunAsync(_ => 1, Test);
        Assert.Equal(2, await other.RunAsync(_ => 2, Test).WaitAsync(Patience, Test));
        Assert.False(queued.IsCompleted);

        Task disposing = hanging.DisposeAsync().AsTask();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued.WaitAsync(Patience, Test));
        Assert.False(disposing.IsCompleted);
        while (time.Armed == 0)
        {
            await Task.Yield();
        }

        time.Advance(TimeSpan.FromSeconds(5));
        await disposing.WaitAsync(Patience, Test);
        release.Set();
        await hung.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Disposed_queue_takes_no_job_and_its_thread_has_ended()
    {
        DeviceQueue queue = new("test", TimeProvider.System);
        Thread device = await queue.RunAsync(_ => Thread.CurrentThread, Test);
        await queue.DisposeAsync().AsTask().WaitAsync(Patience, Test);
        Assert.True(device.Join(Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.RunAsync(_ => 0, Test));
        await queue.DisposeAsync();
    }

    [Fact]
    public async Task Idle_queue_sleeps_without_a_timer()
    {
        ManualTime time = new();
        await using DeviceQueue queue = new("test", time);
        Thread device = await queue.RunAsync(_ => Thread.CurrentThread, Test);
        SpinWait.SpinUntil(() => device.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience);
        Assert.True(device.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        Assert.Equal(0, time.Armed);
    }
}
