using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Backends.Piv;

/// <summary>SCARDCONTEXT: one conversation with the service. Calls on one context wait for each other, so each
/// connection to a card has its own.</summary>
internal sealed class PcscContext : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly IPcscLibrary _library;

    /// <summary>Establishes it.</summary>
    /// <exception cref="SmartCardException">The service is not there, or no library to speak to it.</exception>
    public PcscContext(IPcscLibrary library) : base(ownsHandle: true)
    {
        _library = library;
        SmartCardStatus status;
        nint context = 0;
        try
        {
            status = library.EstablishContext(out context);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            status = SmartCardStatus.NoService; // the runtime looks for it again at the next call
        }

        SmartCardException.ThrowUnlessSuccess("SCardEstablishContext", status);
        SetHandle(context);
    }

    /// <summary>The handle, for as long as this is not disposed.</summary>
    public nint Value => handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => _library.ReleaseContext(handle) == SmartCardStatus.Success;
}
