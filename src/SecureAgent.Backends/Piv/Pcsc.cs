namespace SecureAgent.Backends.Piv;

/// <summary>Constants of winscard.h, the same in both libraries, under their own names.</summary>
internal static class Pcsc
{
    public const uint SCARD_SCOPE_USER = 0;
    public const uint SCARD_SCOPE_SYSTEM = 2;

    public const uint SCARD_SHARE_EXCLUSIVE = 1;
    public const uint SCARD_SHARE_SHARED = 2;

    public const uint SCARD_PROTOCOL_T0 = 1;
    public const uint SCARD_PROTOCOL_T1 = 2;

    public const uint SCARD_LEAVE_CARD = 0;
    public const uint SCARD_RESET_CARD = 1;
    public const uint SCARD_UNPOWER_CARD = 2;

    public const uint SCARD_STATE_UNAWARE = 0;
    public const uint SCARD_STATE_PRESENT = 0x20;
    public const uint SCARD_STATE_EXCLUSIVE = 0x80;
    public const uint SCARD_STATE_MUTE = 0x200;

    public const uint INFINITE = 0xFFFF_FFFF;

    /// <summary>In place of a reader's name: readers that come and go.</summary>
    public const string PnpNotification = @"\\?PnP?\Notification";

    /// <summary>The longest answer to reset.</summary>
    public const int MaxAtrBytes = 33;
}
