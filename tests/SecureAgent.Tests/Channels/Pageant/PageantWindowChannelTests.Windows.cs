using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Principal;
using System.Text;
using SecureAgent.Channels.Pageant;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.Pageant;

[SupportedOSPlatform("windows")]
[Collection(CollectionName)]
public sealed partial class PageantWindowChannelTests(ITestOutputHelper output)
{
    /// <summary>There is one Pageant window on a desktop.</summary>
    internal const string CollectionName = "Pageant window";

    private const int Parallel = 64;

    private const int MaxMappingSizeBytes = 256 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly byte[] Failure = [5];

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(8192)]
    [InlineData(MaxMappingSizeBytes)]
    public async Task Lists_and_signs(int mappingSizeBytes)
    {
        SkipElsewhere();
        TestKey key = TestKey.Ed25519();
        await using ServedPageant served = await ServedPageant.StartAsync(key);
        byte[] list = await OnThread(() => PuttyClient.Ask(Requests.List, mappingSizeBytes));
        Assert.Equal("key0", Assert.Single(AgentResponse.DecodeIdentities(list)).Comment);
        byte[] data = [1, 2, 3];
        Assert.True(IsSignature(await OnThread(() => PuttyClient.Ask(Sign(key, data), mappingSizeBytes)), key, data));
    }

    [Fact]
    public async Task Mapping_without_an_owner_of_its_own_is_answered_where_the_system_gives_it_one()
    {
        SkipElsewhere();
        await using ServedPageant served = await ServedPageant.StartAsync(TestKey.Ed25519());
        using PuttyClient client = new(8192, owner: null);
        client.Put(Requests.List);
        nint result = await OnThread(() => client.Send(PuttyClient.Window));
        if (Requires.IsWine)
        {
            Assert.Equal(0, result);
            Assert.Contains("nobody owns", LastWarning(served), StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(1, result);
            Assert.Single(AgentResponse.DecodeIdentities(client.Answer()));
        }
    }

    [Fact]
    public async Task Mapping_of_somebody_else_is_refused()
    {
        SkipElsewhere();
        Assert.SkipUnless(Requires.IsWine, "Windows lets nobody make an object that somebody else owns.");
        await using ServedPageant served = await ServedPageant.StartAsync(TestKey.Ed25519());
        using PuttyClient client = new(8192, new SecurityIdentifier("S-1-5-21-1-2-3-1001"));
        client.Put(Requests.List);
        Assert.Equal(0, await OnThread(() => client.Send(PuttyClient.Window)));
        Assert.Contains("S-1-5-21-1-2-3-1001", LastWarning(served), StringComparison.Ordinal);
        Assert.Equal([0, 0, 0, 1, 11], client.Memory[..5].ToArray());
    }

    [Fact]
    public async Task Many_clients_list_and_sign_at_once()
    {
        SkipElsewhere();
        TestKey key = TestKey.Ed25519();
        await using ServedPageant served = await ServedPageant.StartAsync(key);
        Stopwatch watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(number => OnThread(() =>
        {
            byte[] data = [(byte)number, 1, 2];
            Assert.Single(AgentResponse.DecodeIdentities(PuttyClient.Ask(Requests.List)));
            Assert.True(IsSignature(PuttyClient.Ask(Sign(key, data)), key, data));
            return 0;
        })));
        output.WriteLine($"{Parallel} clients, list and sign: {watch.ElapsedMilliseconds} ms, "
            + $"{served.Channel.Windows!.Count} windows");
    }

    [Fact]
    public async Task Request_that_waits_for_a_person_delays_nobody()
    {
        SkipElsewhere();
        SlowKey slow = new();
        TestKey quick = TestKey.Ed25519();
        await using ServedPageant served = await ServedPageant.StartAsync(slow.Key, quick);
        string before = await ListTimes();
        Task<byte[]> waiting = OnThread(() => PuttyClient.Ask(Sign(slow.Key, [7])));
        await UntilWaiting(served, 1);
        string later = await ListTimes();
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => OnThread(() =>
        {
            Assert.Equal(2, AgentResponse.DecodeIdentities(PuttyClient.Ask(Requests.List)).Count);
            Assert.True(IsSignature(PuttyClient.Ask(Sign(quick, [8])), quick, [8]));
            return 0;
        }))).WaitAsync(Patience, Test);
        Assert.False(waiting.IsCompleted);
        output.WriteLine($"lists before a person is asked: {before}, meanwhile: {later}");
        slow.Answer();
        Assert.True(IsSignature(await waiting.WaitAsync(Patience, Test), slow.Key, [7]));
    }

    [Fact]
    public async Task Requests_that_wait_end_in_any_order()
    {
        SkipElsewhere();
        SlowKey[] keys = [.. Enumerable.Range(0, 8).Select(_ => new SlowKey())];
        await using ServedPageant served = await ServedPageant.StartAsync([.. keys.Select(slow => slow.Key)]);
        for (int round = 1; round <= 2; round++)
        {
            Task<byte[]>[] waiting = new Task<byte[]>[keys.Length];
            for (int i = 0; i < keys.Length; i++)
            {
                TestKey key = keys[i].Key;
                waiting[i] = OnThread(() => PuttyClient.Ask(Sign(key, [9])));
                await UntilWaiting(served, i + 1);
            }

            // The first to come, which would be the outermost call if there were one window, is the first to go.
            for (int i = 0; i < keys.Length; i++)
            {
                keys[i].Answer();
                Assert.True(IsSignature(await waiting[i].WaitAsync(Patience, Test), keys[i].Key, [9]));
                await UntilWaiting(served, keys.Length - i - 1);
            }

            // The windows are used again, though the newest one is on top.
            Assert.Equal(keys.Length + PageantWindows.Spares, served.Channel.Windows!.Count);
        }
    }

    [Fact]
    public async Task Window_that_waits_still_answers_who_found_it_before()
    {
        SkipElsewhere();
        SlowKey slow = new();
        TestKey quick = TestKey.Ed25519();
        await using ServedPageant served = await ServedPageant.StartAsync(slow.Key, quick);
        nint window = PuttyClient.Window;
        Task<byte[]> waiting = OnThread(() => PuttyClient.Ask(Sign(slow.Key, [7])));
        await UntilWaiting(served, 1);
        Assert.NotEqual(window, PuttyClient.Window);
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => OnThread(() =>
        {
            using PuttyClient client = new(8192, PuttyClient.User);
            client.Put(Sign(quick, [8]));
            Assert.Equal(1, client.Send(window));
            Assert.True(IsSignature(client.Answer(), quick, [8]));
            return 0;
        }))).WaitAsync(Patience, Test);
        Assert.False(waiting.IsCompleted);
        slow.Answer();
        Assert.True(IsSignature(await waiting.WaitAsync(Patience, Test), slow.Key, [7]));
    }

    [Fact]
    public async Task Mapping_that_changes_while_it_is_handled_changes_nothing()
    {
        SkipElsewhere();
        SlowKey slow = new();
        await using ServedPageant served = await ServedPageant.StartAsync(slow.Key);
        using PuttyClient client = new(8192, PuttyClient.User);
        client.Put(Sign(slow.Key, [1, 2, 3]));
        Task<nint> sending = OnThread(() => client.Send(PuttyClient.Window));
        await UntilWaiting(served, 1);
        client.Memory.Fill(0xFF);
        slow.Answer();
        Assert.Equal(1, await sending.WaitAsync(Patience, Test));
        Assert.True(IsSignature(client.Answer(), slow.Key, [1, 2, 3]));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(8189u)]
    [InlineData(262144u)]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0xFFFFFFFCu)]
    [InlineData(0xFFFFFFFFu)]
    public async Task Length_that_cannot_be_is_answered_with_a_failure(uint length)
    {
        SkipElsewhere();
        await using ServedPageant served = await ServedPageant.StartAsync(TestKey.Ed25519());
        using PuttyClient client = new(8192, PuttyClient.User);
        client.Put(Requests.List);
        BinaryPrimitives.WriteUInt32BigEndian(client.Memory, length);
        Assert.Equal(1, await OnThread(() => client.Send(PuttyClient.Window)));
        Assert.Equal(Failure, client.Answer());
        await AssertServes();
    }

    [Fact]
    public async Task What_is_no_request_is_refused_and_the_window_lives_on()
    {
        SkipElsewhere();
        await using ServedPageant served = await ServedPageant.StartAsync(TestKey.Ed25519());
        nint window = PuttyClient.Window;
        using PuttyClient client = new(8192, PuttyClient.User);
        client.Put(Requests.List);
        byte[] name = Encoding.ASCII.GetBytes(client.Name + '\0');
        (nuint Id, byte[] Bytes)[] hostile =
        [
            (PuttyClient.CopyDataId, name[..^1]),
            (PuttyClient.CopyDataId, []),
            (PuttyClient.CopyDataId, [0]),
            (PuttyClient.CopyDataId, [.. new string('x', 100_000).Select(c => (byte)c), 0]),
            (PuttyClient.CopyDataId, "no such mapping\0"u8.ToArray()),
            (PuttyClient.CopyDataId, Encoding.ASCII.GetBytes(PageantStartLock.NameFor(Environment.UserName) + '\0')),
            (PuttyClient.CopyDataId + 1, name),
            (0, name),
        ];
        foreach ((nuint id, byte[] bytes) in hostile)
        {
            Assert.Equal(0, await OnThread(() => PuttyClient.Send(window, id, bytes)));
        }

        const uint WM_CLOSE = 0x10, WM_QUIT = 0x12, WM_SYSCOMMAND = 0x112, WM_DESTROY = 2;
        _ = SendMessage(window, WM_CLOSE, 0, 0);
        _ = SendMessage(window, WM_SYSCOMMAND, 0xF060, 0);
        _ = SendMessage(window, WM_DESTROY, 0, 0);
        _ = PostThreadMessage(GetWindowThreadProcessId(window, 0), WM_QUIT, 0, 0);
        Assert.Equal(1, await OnThread(() => client.Send(window)));
        Assert.Single(AgentResponse.DecodeIdentities(client.Answer()));
        Assert.Equal(window, PuttyClient.Window);
    }

    [Fact]
    public async Task Mapping_smaller_than_a_page_is_as_large_as_the_page()
    {
        SkipElsewhere();
        await using ServedPageant served = await ServedPageant.StartAsync(TestKey.Ed25519());
        using PuttyClient client = new(100, PuttyClient.User);
        client.Put(Requests.List);
        Assert.Equal(1, await OnThread(() => client.Send(PuttyClient.Window)));
        Assert.Single(AgentResponse.DecodeIdentities(client.Answer()));
    }

    [Fact]
    public async Task List_too_long_for_an_old_client_is_cut_to_what_fits()
    {
        SkipElsewhere();
        await using ServedPageant served =
            await ServedPageant.StartAsync([.. Enumerable.Range(0, 200).Select(_ => TestKey.Ed25519())]);
        int old = AgentResponse.DecodeIdentities(await OnThread(() => PuttyClient.Ask(Requests.List, 8192))).Count;
        Assert.InRange(old, 100, 150);
        byte[] whole = await OnThread(() => PuttyClient.Ask(Requests.List));
        Assert.Equal(200, AgentResponse.DecodeIdentities(whole).Count);
        Assert.Contains($"{old} of 200", LastWarning(served), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_window_lets_programs_of_lower_integrity_send_requests()
    {
        SkipElsewhere();
        await using ServedPageant served = await ServedPageant.StartAsync(TestKey.Ed25519());
        Assert.Equal(PageantWindows.Spares, served.Filters.Distinct().Count());
        Assert.Contains((PuttyClient.Window, 0x4Au, 1u), served.Filters); // WM_COPYDATA, MSGFLT_ALLOW.
        Assert.All(served.Filters, filter => Assert.Equal((0x4Au, 1u), (filter.Item2, filter.Item3)));
    }

    [Fact]
    public async Task Second_Pageant_says_who_the_first_is()
    {
        SkipElsewhere();
        await using ServedPageant first = await ServedPageant.StartAsync(TestKey.Ed25519());
        PageantWindowChannel second = new(first.Log, TimeProvider.System);
        ChannelException exception =
            await Assert.ThrowsAsync<ChannelException>(() => second.RunAsync(first.Agent, Test));
        await Assert.ThrowsAsync<ChannelException>(() => second.Listening);
        Assert.Contains($"process {Environment.ProcessId} (", exception.Message, StringComparison.Ordinal);
        Assert.Contains(
            Path.GetFileName(Environment.ProcessPath!), exception.Message, StringComparison.OrdinalIgnoreCase);
        await AssertServes();
    }

    [Fact]
    public async Task Window_goes_with_the_channel_and_who_waits_gets_a_failure()
    {
        SkipElsewhere();
        for (int round = 0; round < 20; round++)
        {
            SlowKey slow = new();
            Task<byte[]> waiting;
            await using (ServedPageant served = await ServedPageant.StartAsync(slow.Key))
            {
                waiting = OnThread(() => PuttyClient.Ask(Sign(slow.Key, [7])));
                await UntilWaiting(served, 1);
            }

            Assert.Equal(Failure, await waiting.WaitAsync(Patience, Test));
            Assert.Equal(0, PuttyClient.Window);
        }
    }

    [Fact]
    public async Task Two_starts_at_once_take_turns()
    {
        SkipElsewhere();
        Assert.Equal(@"Local\pageant-mutex.joe", PageantStartLock.NameFor("joe"));
        using ManualResetEventSlim release = new();
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> first = OnThread(() =>
        {
            using PageantStartLock mutex = PageantStartLock.Take();
            held.SetResult();
            release.Wait(Patience, Test);
            return 0;
        });
        await held.Task.WaitAsync(Patience, Test);
        Task<int> second = OnThread(() =>
        {
            using PageantStartLock mutex = PageantStartLock.Take();
            return 0;
        });
        Assert.NotSame(second, await Task.WhenAny(second, Task.Delay(200, Test)));
        release.Set();
        await Task.WhenAll(first, second).WaitAsync(Patience, Test);
    }

    /// <summary>Waits until as many windows as that have to wait, and clients find another.</summary>
    private static async Task UntilWaiting(ServedPageant served, int windows)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (served.Channel.Windows!.Waiting != windows)
        {
            Assert.True(watch.Elapsed < Patience, $"{served.Channel.Windows!.Waiting} windows wait.");
            await Task.Delay(1, Test);
        }
    }

    /// <summary>How long lists take, one after the other.</summary>
    private static Task<string> ListTimes() => OnThread(() =>
    {
        double[] times =
        [
            .. Enumerable.Range(0, Parallel).Select(_ =>
            {
                Stopwatch watch = Stopwatch.StartNew();
                PuttyClient.Ask(Requests.List);
                return watch.Elapsed.TotalMilliseconds;
            }).Order(),
        ];
        return $"median {times[Parallel / 2]:0.00} ms, longest {times[^1]:0.00} ms";
    });

    private static async Task AssertServes() =>
        Assert.Single(AgentResponse.DecodeIdentities(await OnThread(() => PuttyClient.Ask(Requests.List))));

    private static string LastWarning(ServedPageant served) =>
        served.Log.Events.Last(logged => logged.Level == AgentEventLevel.Warning).Message;

    private static byte[] Sign(TestKey key, byte[] data) => Requests.Sign(key.PublicKey.Blob, data);

    private static bool IsSignature(byte[] answer, TestKey key, byte[] data) =>
        answer[0] == (byte)AgentMessageType.SSH_AGENT_SIGN_RESPONSE && SignatureVerifier.Verify(
            key.PublicKey, SignatureAlgorithm.For(key.PublicKey, SignatureFlags.None), data,
            AgentResponse.DecodeSignature(answer).Raw.ToArray());

    /// <summary>Runs what blocks as a client of its own would.</summary>
    private static Task<T> OnThread<T>(Func<T> client) => Task.Factory.StartNew(
        client, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);


    private static void SkipElsewhere() =>
        Requires.Windows("a Pageant window");

    [LibraryImport("user32", EntryPoint = "SendMessageW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SendMessage(nint window, uint message, nint wParam, nint lParam);

    [LibraryImport("user32", EntryPoint = "PostThreadMessageW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int PostThreadMessage(uint thread, uint message, nint wParam, nint lParam);

    [LibraryImport("user32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint GetWindowThreadProcessId(nint window, nint process);

    /// <summary>A key whose person takes time to answer.</summary>
    private sealed class SlowKey
    {
        private TaskCompletionSource _person = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SlowKey() => Key.Delay = ct => _person.Task.WaitAsync(ct);

        public TestKey Key { get; } = TestKey.Ed25519();

        /// <summary>Answers what is asked, and not what will be.</summary>
        public void Answer()
        {
            TaskCompletionSource person = _person;
            _person = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            person.SetResult();
        }
    }
}
