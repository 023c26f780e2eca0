using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Cli.Prompts;

/// <summary>Answers the question for a password of the device from a file, and leaves every other question to a
/// person.</summary>
internal sealed class PasswordFile : IPrompter
{
    private const int MaxPasswordBytes = 1024;

    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly string _path;
    private readonly ISecretMemory _memory;
    private readonly IPrompter _person;

    /// <summary>Names the file; it is read when it is needed.</summary>
    public PasswordFile(string path, ISecretMemory memory, IPrompter person) =>
        (_path, _memory, _person) = (path, memory, person);

    /// <inheritdoc/>
    public string? Unavailable(PeerInfo peer) => _person.Unavailable(peer);

    /// <inheritdoc/>
    public ValueTask<bool> ConfirmAsync(ConfirmPrompt prompt, CancellationToken ct) => _person.ConfirmAsync(prompt, ct);

    /// <inheritdoc/>
    public IDisposable ShowTouch(TouchPrompt prompt) => _person.ShowTouch(prompt);

    /// <inheritdoc/>
    public async ValueTask<Secret?> ReadPinAsync(PinPrompt prompt, CancellationToken ct)
    {
        if (!prompt.IsPassword)
        {
            return await _person.ReadPinAsync(prompt, ct).ConfigureAwait(false);
        }

        if (prompt.PreviousWasWrong)
        {
            throw Unusable("the device refused it");
        }

        try
        {
            return Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e.Message);
        }
    }

    private Secret Read()
    {
        using FileStream file = new(_path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & OfOthers) != 0)
        {
            throw Unusable("others may read it; chmod 600 helps");
        }

        byte[] buffer = GC.AllocateArray<byte>(MaxPasswordBytes + 1, pinned: true);
        try
        {
            int length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MaxPasswordBytes)
            {
                throw Unusable($"it has more than {MaxPasswordBytes} bytes");
            }

            ReadOnlySpan<byte> password = buffer.AsSpan(0, length).TrimEnd("\r\n"u8);
            Secret secret = _memory.Allocate(MaxPasswordBytes);
            secret.Length = password.Length;
            password.CopyTo(secret.Span);
            return secret;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private BackendException Unusable(string why) =>
        new(BackendFailure.PinRequired, $"The password in {_path} cannot be used: {why}.");
}
