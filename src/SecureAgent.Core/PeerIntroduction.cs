using System.Buffers;
using System.Globalization;
using System.Text;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Tells an agent for whom a relay connects, before anything else is said (<see cref="ClaimedPeer"/>). An agent
/// that does not know the message refuses it, which changes nothing; for one that hangs up over it, or does not answer,
/// it is left out.</summary>
public sealed class PeerIntroduction
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly IAgentDialer _dialer;
    private volatile bool _isUnwelcome;

    /// <summary>Creates it.</summary>
    /// <param name="dialer">The way to the agent.</param>
    public PeerIntroduction(IAgentDialer dialer) => _dialer = dialer;

    /// <summary>The contents of the message about <paramref name="peer"/>.</summary>
    /// <param name="peer">The client as the relay sees it.</param>
    /// <param name="channel">What its way is called where the agent is, such as <c>wsl2</c>.</param>
    public static byte[] Describe(PeerInfo peer, string channel)
    {
        ArgumentNullException.ThrowIfNull(peer);
        uint user = uint.TryParse(peer.User, NumberStyles.None, CultureInfo.InvariantCulture, out uint id)
            ? id : uint.MaxValue;
        ArrayBufferWriter<byte> contents = new();
        ClaimedPeer claim = new(channel, user,
        [
            .. peer.Processes.Take(WireLimits.MaxClaimedProcesses).Select(process =>
                new ClaimedProcess((uint)process.ProcessId, Shorten(process.ImagePath))),
        ]);
        claim.Write(contents);
        return contents.WrittenSpan.ToArray();
    }

    /// <summary>Connects and introduces the client.</summary>
    /// <param name="contents">From <see cref="Describe"/> on the other side of the relay, or from anybody.</param>
    /// <param name="ct">Cancels the waiting.</param>
    /// <returns>A stream of agent frames in both directions, which the caller disposes.</returns>
    /// <exception cref="ChannelException">No agent can be reached.</exception>
    public async ValueTask<Stream> ConnectAsync(ReadOnlyMemory<byte> contents, CancellationToken ct)
    {
        Stream stream = await _dialer.ConnectAsync(ct).ConfigureAwait(false);
        if (contents.IsEmpty || _isUnwelcome)
        {
            return stream;
        }

        ArrayBufferWriter<byte> message = new();
        new AgentRequest.Extension(ClaimedPeer.ExtensionName, contents).Write(message);
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            await AgentExchange.AskAsync(stream, message.WrittenMemory, patience.Token).ConfigureAwait(false);
            return stream;
        }
        catch (Exception exception) when (exception is IOException or WireFormatException
            || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        Stream silent = await _dialer.ConnectAsync(ct).ConfigureAwait(false);
        _isUnwelcome = true;
        return silent;
    }

    /// <summary>The end of a path says more than its beginning.</summary>
    private static string Shorten(string image)
    {
        while (Encoding.UTF8.GetByteCount(image) > WireLimits.MaxClaimedNameBytes)
        {
            image = image[^Math.Min(image.Length - 1, WireLimits.MaxClaimedNameBytes)..];
        }

        return image;
    }
}
