using System.Buffers.Binary;

namespace SecureAgent.Backends.Tpm;

/// <summary>A TPM character device of Linux, such as <c>/dev/tpmrm0</c>: one write is a command, the next read its
/// response. The kernel's driver has its own time limits, so there is none here.</summary>
internal sealed class LinuxTpmDevice : ITpmDevice
{
    private readonly FileStream _file;
    private readonly string _path;

    /// <summary>Opens the device.</summary>
    /// <exception cref="TpmDeviceLostException">It is not there, or this user may not open it.</exception>
    public LinuxTpmDevice(string path)
    {
        _path = path;
        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new TpmDeviceLostException(
                $"This user may not open the TPM {path}. Add the user to the device's group (usermod -aG tss USER) "
                + "and log in again.", commandWasSent: false, e);
        }
        catch (IOException e)
        {
            throw new TpmDeviceLostException(
                $"The TPM {path} cannot be opened: {e.Message} Check that the machine has a TPM 2.0 and that it is "
                + "enabled in the firmware.", commandWasSent: false, e);
        }
    }

    /// <inheritdoc />
    public int Transmit(ReadOnlySpan<byte> command, Span<byte> response)
    {
        bool sent = false;
        try
        {
            // The driver takes whole frames, and gives them whole to a buffer that is large enough; should it ever not,
            // the header says what is missing.
            _file.Write(command);
            sent = true;
            int length = 0;
            do
            {
                int read = _file.Read(response[length..]);
                if (read == 0)
                {
                    throw new TpmDeviceLostException($"The TPM {_path} gave no whole answer.", sent);
                }

                length += read;
            }
            while (length < TpmTransport.HeaderBytes
                || length < Math.Min(BinaryPrimitives.ReadUInt32BigEndian(response[2..]), (uint)response.Length));
            return length;
        }
        catch (IOException e)
        {
            throw new TpmDeviceLostException($"The TPM {_path} failed: {e.Message}", sent, e);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();
}
