using System.Runtime.Versioning;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.Pageant;

/// <summary>Reaches the Pageant that runs, or whatever behaves as one, through its window; only one that this user
/// runs. What is bound to a connection is not bound there: each request is a connection of its own to it.</summary>
[SupportedOSPlatform("windows")]
public sealed class PageantWindowDialer : IAgentDialer
{
    /// <summary>How often to look before saying that there is none. Looking is no single step where windows come, go and
    /// change their titles meanwhile.</summary>
    private const int Looks = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    /// <inheritdoc/>
    public ValueTask<Stream> ConnectAsync(CancellationToken ct)
    {
        _ = Find();
        return new ValueTask<Stream>(new PageantStream());
    }

    /// <summary>The window to send the next request to. Looked for each time, as all clients do: it may be another one
    /// than before.</summary>
    /// <exception cref="ChannelException">There is none, or it is not this user's.</exception>
    internal static nint Find()
    {
        (nint window, int processId) = (0, 0);
        for (int look = 0; look < Looks && processId == 0; look++)
        {
            if (look > 0)
            {
                Thread.Sleep(Pause);
            }

            window = User32.FindWindow(PageantProtocol.WindowName, PageantProtocol.WindowName);
            processId = User32.ProcessOf(window);
        }

        if (processId == 0)
        {
            throw new ChannelException("No Pageant is running. Start it, or leave it out.");
        }

        // A window can be made by anybody on the desktop, such as a program that was started as another user.
        return WindowsProcess.UserOf(processId) == WindowsUser.Current.Sid
            ? window
            : throw new ChannelException(
                $"The Pageant window belongs to {WindowsProcess.Describe(processId)}, which you do not run.");
    }
}
