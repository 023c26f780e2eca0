using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.NamedPipe;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.NamedPipe;

[SupportedOSPlatform("windows")]
public sealed class NamedPipeChannelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_that_opens_the_pipe_as_OpenSSH_does_lists_and_signs()
    {
        await using ServedPipe served = await ServedPipe.StartAsync();
        using OpenSshPipeClient client = OpenSshPipeClient.Open(served.Name);
        Assert.Equal("key0", Assert.Single(AgentResponse.DecodeIdentities(client.Ask(Requests.List))).Comment);
        byte[] answer = client.Ask(Requests.Sign(served.Key.PublicKey.Blob, [1, 2, 3]));
        Assert.Equal(14, answer[0]);
        PeerInfo peer = served.Key.LastContext!.Peer;
        Assert.Equal("test-pipe", peer.Channel);
        Assert.Equal(WindowsUser.Current.Sid, peer.User);
        Assert.Equal(Environment.ProcessId, peer.ProcessId);
        Assert.Equal(Environment.ProcessPath, peer.Processes[0].ImagePath, ignoreCase: true);
    }

    [Fact]
    public async Task Clients_that_come_all_at_once_and_never_try_twice_are_all_served()
    {
        await using ServedPipe served = await ServedPipe.StartAsync();
        ConcurrentQueue<Exception> failures = [];
        Thread[] clients = [.. Enumerable.Range(0, PipeAcceptor.MostAtOnce).Select(_ => new Thread(() =>
        {
            try
            {
                for (int i = 0; i < 10; i++)
                {
                    using OpenSshPipeClient client = OpenSshPipeClient.Open(served.Name);
                    Assert.Equal(12, client.Ask(Requests.List)[0]);
                    Assert.Equal(14, client.Ask(Requests.Sign(served.Key.PublicKey.Blob, [1]))[0]);
                }
            }
            catch (Exception exception) when (exception is Win32Exception or Xunit.Sdk.XunitException)
            {
                failures.Enqueue(exception);
            }
        }))];
        Array.ForEach(clients, client => client.Start());
        Array.ForEach(clients, client => client.Join());
        Assert.Empty(failures);
        Assert.Equal(10 * PipeAcceptor.MostAtOnce, served.Key.Signed);
        await SettledAsync(served);
    }

    [Fact]
    public async Task Clients_that_stall_die_or_lie_delay_nobody()
    {
        await using ServedPipe served = await ServedPipe.StartAsync();
        List<OpenSshPipeClient> bad = [];
        try
        {
            for (int i = 0; i < 50; i++)
            {
                OpenSshPipeClient stalled = OpenSshPipeClient.Open(served.Name);
                bad.Add(stalled);
                stalled.Write([0, 0, 0, 9, 13]);

                using (OpenSshPipeClient dying = OpenSshPipeClient.Open(served.Name))
                {
                    dying.Write([0, 0, 0, 1, 11]);
                }

                OpenSshPipeClient lying = OpenSshPipeClient.Open(served.Name);
                bad.Add(lying);
                lying.Write([0, 4, 0, 1, 11]);
                Assert.Throws<Win32Exception>(() => lying.Read(1));
            }

            await AssertQuickAsync(served);
            Assert.DoesNotContain(served.Log.Events, logged => logged.Level == AgentEventLevel.Error);
        }
        finally
        {
            bad.ForEach(client => client.Dispose());
        }

        await SettledAsync(served);
    }

    [Fact]
    public async Task Thousand_silent_clients_delay_nobody()
    {
        const int Count = 1000;
        await using ServedPipe served = await ServedPipe.StartAsync();
        List<OpenSshPipeClient> silent = [];
        try
        {
            for (int i = 0; i < Count; i++)
            {
                silent.Add(await OpenPatientlyAsync(served.Name));
            }

            Assert.True(SpinWait.SpinUntil(() => served.Agent.Status.Sessions == Count, Patience));
            await AssertQuickAsync(served);
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }

        await SettledAsync(served);
    }

    [Fact]
    public async Task Frame_of_the_largest_size_passes_in_both_directions()
    {
        await using ServedPipe served = await ServedPipe.StartAsync();
        using OpenSshPipeClient client = OpenSshPipeClient.Open(served.Name);
        byte[] largest = new byte[256 * 1024];
        largest[0] = 99;
        Assert.Equal([5], client.Ask(largest));
        Assert.Equal(12, client.Ask(Requests.List)[0]);
    }

    [Fact]
    public async Task Client_without_a_token_is_known_by_its_process()
    {
        const uint Anonymous = 0x00100000; // SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, as go-winio opens pipes.
        await using ServedPipe served = await ServedPipe.StartAsync();
        using OpenSshPipeClient client = OpenSshPipeClient.Open(served.Name, Anonymous);
        Assert.Equal(14, client.Ask(Requests.Sign(served.Key.PublicKey.Blob, [1]))[0]);
        Assert.Equal(WindowsUser.Current.Sid, served.Key.LastContext!.Peer.User);
    }

    [Fact]
    public async Task Every_instance_is_made_as_it_must_be()
    {
        ConcurrentQueue<PipeInstance> made = [];
        string name = ServedPipe.NewName();
        await using (ServedPipe served = await ServedPipe.StartAsync(create: (log, time) =>
            new NamedPipeChannel("test-pipe", name, log, time, instance =>
            {
                made.Enqueue(instance);
                return Win32.CreateNamedPipe(instance);
            })))
        {
            using OpenSshPipeClient client = OpenSshPipeClient.Open(name);
            Assert.Equal(12, client.Ask(Requests.List)[0]);
        }

        string user = WindowsUser.Current.Sid;
        Assert.Equal(PipeInstance.For(name, user, isFirst: true), made.First());
        Assert.True(made.Count > PipeAcceptor.Waiting);
        Assert.All(made.Skip(1), instance => Assert.Equal(PipeInstance.For(name, user, isFirst: false), instance));
    }

    [Fact]
    public async Task Name_that_is_served_already_is_refused_and_its_server_named()
    {
        await using ServedPipe first = await ServedPipe.StartAsync();

        // Wine lets anybody add an instance, and only the self-check tells whose pipe it is.
        NamedPipeChannel second = new("test-pipe", first.Name, first.Log, first.Clock) { ProcessId = -1 };
        ChannelException exception =
            await Assert.ThrowsAsync<ChannelException>(() => second.RunAsync(first, Test).WaitAsync(Patience, Test));
        Assert.Contains($"process {Environment.ProcessId} (", exception.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(Environment.ProcessPath!), exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ChannelException>(() => second.Listening.WaitAsync(Patience, Test));

        // The first goes on.
        using OpenSshPipeClient client = OpenSshPipeClient.Open(first.Name);
        Assert.Equal(12, client.Ask(Requests.List)[0]);
    }

    [Fact]
    public async Task Program_that_serves_the_name_already_keeps_it()
    {
        ServedPipe.RequireWindows();
        string name = ServedPipe.NewName();
        using PipeSquatter squatter = PipeSquatter.Start(name);
        ChannelException exception =
            await Assert.ThrowsAsync<ChannelException>(() => ServedPipe.StartAsync(create: (log, time) =>
                new NamedPipeChannel("test-pipe", name, log, time)));
        Assert.Contains($"process {squatter.ProcessId} (", exception.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(Environment.ProcessPath!), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_that_joins_later_is_found_and_named_once()
    {
        await using ServedPipe served = await ServedPipe.StartAsync();
        int squatterId;
        using (PipeSquatter squatter = PipeSquatter.Start(served.Name))
        {
            squatterId = squatter.ProcessId;
            served.CheckAgain();
            served.CheckAgain();
        }

        AgentEvent found = Assert.Single(served.Log.Events, logged => logged.Kind == "squatter");
        Assert.Equal(AgentEventLevel.Error, found.Level);
        Assert.Contains($"process {squatterId} (", found.Message, StringComparison.Ordinal);
        served.CheckAgain();
        using OpenSshPipeClient client = OpenSshPipeClient.Open(served.Name);
        Assert.Equal(12, client.Ask(Requests.List)[0]);
        Assert.DoesNotContain(served.Log.Events, logged => logged.Kind == "listen");
    }

    [Fact]
    public async Task Pipe_on_which_nobody_answers_is_made_anew()
    {
        string name = ServedPipe.NewName();
        int made = 0;
        await using ServedPipe served = await ServedPipe.StartAsync(create: (log, time) =>
            new NamedPipeChannel("test-pipe", name, log, time, instance => Win32.CreateNamedPipe(
                Interlocked.Increment(ref made) <= PipeAcceptor.Waiting
                    ? instance with { Name = name + ".elsewhere" }
                    : instance)));
        Assert.Throws<Win32Exception>(() => OpenSshPipeClient.Open(name));
        served.CheckAgain();
        Assert.Single(served.Log.Events, logged => logged.Kind == "listen");
        using OpenSshPipeClient client = OpenSshPipeClient.Open(name);
        Assert.Equal(12, client.Ask(Requests.List)[0]);
    }

    [Fact]
    public async Task Instances_that_cannot_be_made_are_made_later_and_who_has_come_is_served()
    {
        bool isShort = false;
        int failed = 0;
        await using ServedPipe served = await ServedPipe.StartAsync(create: (log, time) =>
            new NamedPipeChannel("test-pipe", ServedPipe.NewName(), log, time, instance =>
            {
                failed += isShort ? 1 : 0;
                return isShort ? new SafePipeHandle(-1, ownsHandle: false) : Win32.CreateNamedPipe(instance);
            }));
        isShort = true;
        for (int i = 0; i < PipeAcceptor.Waiting; i++)
        {
            using OpenSshPipeClient client = OpenSshPipeClient.Open(served.Name);
            Assert.Equal(12, client.Ask(Requests.List)[0]);
        }

        Assert.Throws<Win32Exception>(() => OpenSshPipeClient.Open(served.Name));
        Assert.True(SpinWait.SpinUntil(() => served.Time.Armed > PipeAcceptor.Waiting, Patience));
        isShort = false;
        served.Time.Advance(TimeSpan.FromSeconds(1));
        using OpenSshPipeClient last = await OpenPatientlyAsync(served.Name);
        Assert.Equal(12, last.Ask(Requests.List)[0]);
        Assert.True(failed >= PipeAcceptor.Waiting);
        Assert.Single(served.Log.Events, logged => logged.Kind == "accept");
    }

    [Fact]
    public async Task Self_check_is_no_client()
    {
        await using ServedPipe served = await ServedPipe.StartAsync();
        using OpenSshPipeClient client = OpenSshPipeClient.Open(served.Name);
        Assert.Equal(12, client.Ask(Requests.List)[0]);
        served.CheckAgain();
        served.CheckAgain();
        Assert.Equal(12, client.Ask(Requests.List)[0]);
        Assert.Equal(1, served.Opened);
        Assert.Empty(served.Log.Events);
    }

    private static async Task AssertQuickAsync(ServedPipe served)
    {
        // The fastest of some, so that a busy machine is not taken for a slow agent.
        TimeSpan fastest = TimeSpan.MaxValue;
        for (int i = 0; i < 10; i++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            using OpenSshPipeClient client = await OpenPatientlyAsync(served.Name);
            Assert.Equal(12, client.Ask(Requests.List)[0]);
            fastest = watch.Elapsed < fastest ? watch.Elapsed : fastest;
        }

        TestContext.Current.SendDiagnosticMessage($"Open, list and close took {fastest.TotalMilliseconds:0.00} ms.");
        Assert.True(fastest < TimeSpan.FromMilliseconds(200), $"A list took {fastest}.");
    }

    /// <summary>Opens it as soon as an instance waits.</summary>
    private static async Task<OpenSshPipeClient> OpenPatientlyAsync(string name)
    {
        while (true)
        {
            try
            {
                return OpenSshPipeClient.Open(name);
            }
            catch (Win32Exception exception) when (exception.NativeErrorCode is 2 or 231)
            {
                await Task.Delay(1, Test);
            }
        }
    }

    private static async Task SettledAsync(ServedPipe served)
    {
        while (served.Agent.Status.Sessions > 0)
        {
            await Task.Delay(10, Test);
        }
    }
}
