using System.ComponentModel;
using System.IO.Pipes;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.NamedPipe;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.NamedPipe;

[SupportedOSPlatform("windows")]
public sealed class NamedPipeDialerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(@"\\.\pipe\")]
    [InlineData("//./pipe/")]
    [InlineData("")]
    public async Task Agent_is_reached_by_every_way_to_write_its_name(string prefix)
    {
        await using ServedPipe served = await ServedPipe.StartAsync();
        await using Stream stream =
            await new NamedPipeDialer(served.Name.Replace(@"\\.\pipe\", prefix)).ConnectAsync(Test);
        byte[] answer = await AgentExchange.AskAsync(stream, Requests.List, Test);
        Assert.Equal("key0", Assert.Single(AgentResponse.DecodeIdentities(answer)).Comment);
    }

    [Fact]
    public async Task Nobody_there_is_said_in_words()
    {
        ServedPipe.RequireWindows();
        string name = ServedPipe.NewName();
        ChannelException exception = await Assert.ThrowsAsync<ChannelException>(
            () => new NamedPipeDialer(name).ConnectAsync(Test).AsTask());
        Assert.Contains($"{name}: there is no such pipe", exception.Message, StringComparison.Ordinal);
        Assert.Null(NamedPipeServer.Of(name));
    }

    [Fact]
    public async Task Pipe_whose_owner_is_not_known_is_refused_and_its_server_named()
    {
        ServedPipe.RequireWindows();
        string name = ServedPipe.NewName();

        // Made without a descriptor, it belongs to the token's owner on Windows, and to nobody under Wine.
        await using NamedPipeServerStream server = new(name[@"\\.\pipe\".Length..], PipeDirection.InOut, 2,
            PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
        Task connected = server.WaitForConnectionAsync(Test);
        Task<Stream> dialing = new NamedPipeDialer(name).ConnectAsync(Test).AsTask();
        await connected.WaitAsync(Patience, Test);
        if (ObjectOwner.Of(server.SafePipeHandle) is not null)
        {
            await using Stream stream = await dialing;
            return;
        }

        ChannelException exception = await Assert.ThrowsAsync<ChannelException>(() => dialing);
        Assert.Contains($"process {Environment.ProcessId} (", exception.Message, StringComparison.Ordinal);
        Assert.Contains("belongs to nobody", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Busy_pipe_is_waited_for_and_the_waiting_can_be_cancelled()
    {
        ServedPipe.RequireWindows();
        string name = ServedPipe.NewName();
        await using NamedPipeServerStream server = new(PipeDirection.InOut, isAsync: true, isConnected: false,
            Win32.CreateNamedPipe(PipeInstance.For(name, WindowsUser.Current.Sid, true) with { MaxInstances = 1 }));
        Task connected = server.WaitForConnectionAsync(Test);
        using OpenSshPipeClient first = OpenSshPipeClient.Open(name);
        await connected.WaitAsync(Patience, Test);
        Assert.Throws<Win32Exception>(() => OpenSshPipeClient.Open(name));

        using CancellationTokenSource impatient = new(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new NamedPipeDialer(name).ConnectAsync(impatient.Token).AsTask().WaitAsync(Patience, Test));

        Task<Stream> dialing = new NamedPipeDialer(name).ConnectAsync(Test).AsTask();
        first.Dispose();
        server.Disconnect();
        connected = server.WaitForConnectionAsync(Test);
        await using Stream stream = await dialing.WaitAsync(Patience, Test);
        await connected.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Server_of_a_pipe_is_known_and_asking_is_no_session()
    {
        await using ServedPipe served = await ServedPipe.StartAsync();
        NamedPipeServer server = NamedPipeServer.Of(served.Name)!;
        Assert.Equal(Environment.ProcessId, server.ProcessId);
        Assert.Equal(Environment.ProcessPath, server.ImagePath, ignoreCase: true);
    }
}
