using System.Runtime.InteropServices;
using System.Text;

namespace SecureAgent.Backends.Piv;

/// <summary>pcsc-lite, whose DWORD and LONG are as wide as a pointer, and whose names are UTF-8.</summary>
internal sealed partial class PcscLite : IPcscLibrary
{
    private const string Library = "libpcsclite.so.1";

    // 16 readers with names of 128 bytes at most; later versions take more of both, and say so.
    private const int NamesBytes = (16 * 128) + 1;

    /// <inheritdoc/>
    public bool ServiceEndsWithLastReader => false;

    /// <inheritdoc/>
    public SmartCardStatus EstablishContext(out nint context) =>
        Status(SCardEstablishContext(Pcsc.SCARD_SCOPE_SYSTEM, 0, 0, out context));

    /// <inheritdoc/>
    public SmartCardStatus ReleaseContext(nint context) => Status(SCardReleaseContext(context));

    /// <inheritdoc/>
    public SmartCardStatus Cancel(nint context) => Status(SCardCancel(context));

    /// <inheritdoc/>
    public SmartCardStatus ListReaders(nint context, out string[] names)
    {
        byte[] buffer = new byte[NamesBytes];
        while (true)
        {
            nuint length = (nuint)buffer.Length;
            SmartCardStatus status = Status(SCardListReaders(context, 0, buffer, ref length));
            if (status == SmartCardStatus.InsufficientBuffer)
            {
                buffer = new byte[buffer.Length * 2];
                continue;
            }

            names = status == SmartCardStatus.Success
                ? Encoding.UTF8.GetString(buffer, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries)
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
                native[i].reader = Marshal.StringToCoTaskMemUTF8(states[i].Name);
                native[i].currentState = states[i].CurrentState;
            }

            SmartCardStatus status;
            fixed (ReaderState* first = native)
            {
                status = Status(SCardGetStatusChange(context, timeoutMilliseconds, first, (nuint)native.Length));
            }

            for (int i = 0; i < states.Length; i++)
            {
                states[i].EventState = (uint)native[i].eventState;
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
            Status(SCardConnect(context, reader, shareMode, protocols, out card, out nuint active));
        activeProtocol = (uint)active;
        return status;
    }

    /// <inheritdoc/>
    public SmartCardStatus Disconnect(nint card, uint disposition) => Status(SCardDisconnect(card, disposition));

    /// <inheritdoc/>
    public SmartCardStatus Status(nint card, Span<byte> atr, out int count)
    {
        nuint length = (nuint)atr.Length;
        SmartCardStatus status = Status(SCardStatus(card, 0, 0, out _, out _, atr, ref length));
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
        IoRequest request = new() { protocol = protocol, pciLength = (nuint)sizeof(IoRequest) };
        nuint length = (nuint)response.Length;
        SmartCardStatus status = Status(
            SCardTransmit(card, request, command, (nuint)command.Length, 0, response, ref length));
        count = (int)length;
        return status;
    }

    /// <inheritdoc/>
    public IPcscServiceWatch WatchService() => new PcscSocketWatch(
        Environment.GetEnvironmentVariable("PCSCLITE_CSOCK_NAME") ?? "/run/pcscd/pcscd.comm");

    // The numbers are 32 bits in a LONG, with or without extension of the sign.
    private static SmartCardStatus Status(nint result) => (SmartCardStatus)(uint)(nuint)result;

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardEstablishContext(
        nuint scope, nint reserved1, nint reserved2, out nint context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardReleaseContext(nint context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardCancel(nint context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardListReaders(nint context, nint groups, Span<byte> readers, ref nuint length);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static unsafe partial nint SCardGetStatusChange(
        nint context, nuint timeout, ReaderState* states, nuint count);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardConnect(
        nint context, string reader, nuint shareMode, nuint protocols, out nint card, out nuint activeProtocol);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardDisconnect(nint card, nuint disposition);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardStatus(
        nint card, nint reader, nint readerLength, out nuint state, out nuint protocol, Span<byte> atr,
        ref nuint atrLength);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardBeginTransaction(nint card);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardEndTransaction(nint card, nuint disposition);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SCardTransmit(
        nint card, in IoRequest sendPci, ReadOnlySpan<byte> command, nuint commandLength, nint receivePci,
        Span<byte> response, ref nuint responseLength);

    /// <summary>SCARD_IO_REQUEST.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IoRequest
    {
        /// <summary>dwProtocol.</summary>
        internal nuint protocol;

        /// <summary>cbPciLength: the size of this structure.</summary>
        internal nuint pciLength;
    }

    /// <summary>SCARD_READERSTATE.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct ReaderState
    {
        /// <summary>szReader.</summary>
        internal nint reader;

        /// <summary>pvUserData.</summary>
        internal nint userData;

        /// <summary>dwCurrentState.</summary>
        internal nuint currentState;

        /// <summary>dwEventState.</summary>
        internal nuint eventState;

        /// <summary>cbAtr.</summary>
        internal nuint atrLength;

        /// <summary>rgbAtr.</summary>
        internal fixed byte atr[33];
    }
}
