namespace SecureAgent.Channels.Relay;

/// <summary>What a frame of the relay protocol is (docs/relay.md).</summary>
internal enum RelayFrameType : byte
{
    /// <summary>A client has come; the payload introduces it. Only from the listening side.</summary>
    Open = 1,

    /// <summary>Bytes of a connection.</summary>
    Data = 2,

    /// <summary>The sender has no more bytes for the connection.</summary>
    End = 3,

    /// <summary>The connection is gone, in both directions.</summary>
    Reset = 4,

    /// <summary>So many bytes more may be sent: uint32.</summary>
    Credit = 5,

    /// <summary>Asks for a sign of life: 8 bytes, which come back.</summary>
    Ping = 6,

    /// <summary>The sign of life.</summary>
    Pong = 7,
}
