using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SecureAgent.Backends.Piv;

/// <summary>The Smart Card service of Windows, whose DWORD and LONG have 32 bits, and whose names are UTF-16.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WinSCard : IPcscLibrary
{
    private const string Library = "winscard.dll";

    // Enough for ten readers, which is all that Windows had for long; more are asked for when it says so.
    private const int NamesChars = 1024;

    /// <inheritdoc/>
    public bool ServiceEndsWithLastReader => true;

    /// <inheritdoc/>
    public SmartCardStatus EstablishContext(out nint context) =>
        Status(SCardEstablishContext(Pcsc.SCARD_SCOPE_USER, 0, 0, out context));

    /// <inheritdoc/>
    public SmartCardStatus ReleaseContext(nint context) => Status(SCardReleaseContext(context));

    /// <inheritdoc/>
    public SmartCardStatus Cancel(nint context) => Status(SCardCancel(context));

    /// <inheritdoc/>
    public SmartCardStatus ListReaders(nint context, out string[] names)
    {
        char[] buffer = new char[NamesChars];
        while (true)
        {
            uint length = (uint)buffer.Length;
            SmartCardStatus status = Status(SCardListReadersW(context, 0, buffer, ref length));
            if (status == SmartCardStatus.InsufficientBuffer)
            {
                buffer = new char[buffer.Length * 2];
                continue;
            }

            names = status == SmartCardStatus.Success
                ? new string(buffer, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries)
                : [];
            return status;
        }
    }

    /// <inheritdoc/>
    public unsafe SmartCardStatus GetStatusChange(
        nint context, uint timeoutMilliseconds, Span<PcscReaderState> states)
    {
        ReaderState[] native = new ReaderState[states.Length];
        try
        {
            for (int i = 0; i < states.Length; i++)
            {
                native[i].reader = Marshal.StringToCoTaskMemUni(states[i].Name);
                native[i].currentState = states[i].CurrentState;
            }

            SmartCardStatus status;
            fixed (ReaderState* first = native)
            {
                status = Status(SCardGetStatusChangeW(context, timeoutMilliseconds, first, (uint)native.Length));
            }

            for (int i = 0; i < states.Length; i++)
            {
                states[i].EventState = native[i].eventState;
            }

            return status;
        }
        finally
        {
            foreach (ReaderState state in native)
            {
                Marshal.FreeCoTaskMem(state.reader);
            }
        }
    }

    /// <inheritdoc/>
    public SmartCardStatus Connect(
        nint context, string reader, uint shareMode, uint protocols, out nint card, out uint activeProtocol)
    {
        SmartCardStatus status =
            Status(SCardConnectW(context, reader, shareMode, protocols, out card, out uint active));
        activeProtocol = active;
        return status;
    }

    /// <inheritdoc/>
    public SmartCardStatus Disconnect(nint card, uint disposition) => Status(SCardDisconnect(card, disposition));

    /// <inheritdoc/>
    public SmartCardStatus Status(nint card, Span<byte> atr, out int count)
    {
        uint length = (uint)atr.Length;
        SmartCardStatus status = Status(SCardStatusW(card, 0, 0, out _, out _, atr, ref length));
        count = (int)length;
        return status;
    }

    /// <inheritdoc/>
    public SmartCardStatus BeginTransaction(nint card) => Status(SCardBeginTransaction(card));

    /// <inheritdoc/>
    public SmartCardStatus EndTransaction(nint card, uint disposition) =>
        Status(SCardEndTransaction(card, disposition));

    /// <inheritdoc/>
    public unsafe SmartCardStatus Transmit(
        nint card, uint protocol, ReadOnlySpan<byte> command, Span<byte> response, out int count)
    {
        IoRequest request = new() { protocol = protocol, pciLength = (uint)sizeof(IoRequest) };
        uint length = (uint)response.Length;
        SmartCardStatus status = Status(
            SCardTransmit(card, request, command, (uint)command.Length, 0, response, ref length));
        count = (int)length;
        return status;
    }

    /// <inheritdoc/>
    public IPcscServiceWatch WatchService() => new WinSCardServiceWatch(SCardAccessStartedEvent());

    /// <summary>Gives back what SCardAccessStartedEvent returned; SCardReleaseStartedEvent has no parameter.</summary>
    internal static void ReleaseStartedEvent() => SCardReleaseStartedEvent();

    private static SmartCardStatus Status(int result) => (SmartCardStatus)(uint)result;

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardEstablishContext(
        uint scope, nint reserved1, nint reserved2, out nint context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardReleaseContext(nint context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardCancel(nint context);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardListReadersW(nint context, nint groups, Span<char> readers, ref uint length);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static unsafe partial int SCardGetStatusChangeW(
        nint context, uint timeout, ReaderState* states, uint count);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardConnectW(
        nint context, string reader, uint shareMode, uint protocols, out nint card, out uint activeProtocol);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardDisconnect(nint card, uint disposition);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardStatusW(
        nint card, nint reader, nint readerLength, out uint state, out uint protocol, Span<byte> atr,
        ref uint atrLength);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardBeginTransaction(nint card);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardEndTransaction(nint card, uint disposition);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SCardTransmit(
        nint card, in IoRequest sendPci, ReadOnlySpan<byte> command, uint commandLength, nint receivePci,
        Span<byte> response, ref uint responseLength);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardAccessStartedEvent();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial void SCardReleaseStartedEvent();

    /// <summary>SCARD_IO_REQUEST.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IoRequest
    {
        /// <summary>dwProtocol.</summary>
        internal uint protocol;

        /// <summary>cbPciLength: the size of this structure.</summary>
        internal uint pciLength;
    }

    /// <summary>SCARD_READERSTATEW.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct ReaderState
    {
        /// <summary>szReader.</summary>
        internal nint reader;

        /// <summary>pvUserData.</summary>
        internal nint userData;

        /// <summary>dwCurrentState.</summary>
        internal uint currentState;

        /// <summary>dwEventState.</summary>
        internal uint eventState;

        /// <summary>cbAtr.</summary>
        internal uint atrLength;

        /// <summary>rgbAtr.</summary>
        internal fixed byte atr[36];
    }
}
