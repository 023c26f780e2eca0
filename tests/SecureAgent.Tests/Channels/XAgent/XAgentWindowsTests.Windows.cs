using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using SecureAgent.Channels.Windows;
using SecureAgent.Channels.XAgent;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.XAgent;

[SupportedOSPlatform("windows")]
public sealed partial class XAgentWindowsTests
{
    private const int GWLP_USERDATA = -21;

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Xshell_finds_port_and_cookie_in_the_window_until_the_agent_ends()
    {
        Requires.Windows("windows");
        await using (ServedXAgent served = await ServedXAgent.StartAsync(isReal: true))
        {
            nint window = User32.FindWindow("NSSSH:AGENTWND", null);
            Assert.NotEqual(0, window);
            Assert.NotEqual(0, User32.FindWindow("STATIC", "_SINGLE_INSTANCE::XAGENT"));
            char[] title = new char[64];
            string cookie = new(title, 0, GetWindowText(window, title, title.Length));
            int port = (int)GetWindowLongPtr(window, GWLP_USERDATA);
            using XshellClient client = new(port);
            client.Greet(cookie);
            client.Greeted();
            Assert.Single(AgentResponse.DecodeIdentities(client.Ask(Requests.List)));

            XAgentChannel second = new(served.Log, TimeProvider.System);
            ChannelException error =
                await Assert.ThrowsAsync<ChannelException>(() => second.RunAsync(served.Agent, Test));
            Assert.Contains("There is an xagent already", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, User32.FindWindow("NSSSH:AGENTWND", null));
        Assert.Equal(0, User32.FindWindow("STATIC", "_SINGLE_INSTANCE::XAGENT"));
    }

    [LibraryImport("user32", EntryPoint = "GetWindowTextW", StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int GetWindowText(nint window, Span<char> text, int size);

    [LibraryImport("user32", EntryPoint = "GetWindowLongPtrW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint GetWindowLongPtr(nint window, int index);
}
