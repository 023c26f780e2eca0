using System.Text;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli.Prompts;

public sealed class PasswordFileTests : IDisposable
{
    private readonly TestSurroundings _surroundings = new();
    private readonly PlainMemory _memory = new();

    public void Dispose() => _surroundings.Dispose();

    [Theory]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\n", "secret")]
    [InlineData(" secret", " secret")]
    public async Task The_password_is_the_file_without_its_line_end(string content, string password)
    {
        using Secret? answer =
            await AskAsync(Private(content), new PinPrompt("owner", "TPM", null, null, false) { IsPassword = true });
        Assert.Equal(password, Encoding.UTF8.GetString(answer!.Span));
    }

    [Fact]
    public async Task A_PIN_is_never_taken_from_the_file() => Assert.Null(
        await AskAsync(Private("secret"), new PinPrompt("key", "TPM", null, null, false)));

    [Fact]
    public async Task A_password_that_the_device_refused_is_not_sent_again()
    {
        string file = Private("secret");
        BackendException refused = await Assert.ThrowsAsync<BackendException>(
            () => AskAsync(file, new PinPrompt("owner", "TPM", null, null, PreviousWasWrong: true) { IsPassword = true }));
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_others_may_read_is_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no mode bits.");
        string file = Private("secret");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        }

        await Assert.ThrowsAsync<BackendException>(
            () => AskAsync(file, new PinPrompt("owner", "TPM", null, null, false) { IsPassword = true }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_is_missing_or_too_long_is_refused(bool isThere)
    {
        string file = isThere ? Private(new string('a', 1025)) : Path.Combine(_surroundings.Home, "missing");
        BackendException refused = await Assert.ThrowsAsync<BackendException>(
            () => AskAsync(file, new PinPrompt("owner", "TPM", null, null, false) { IsPassword = true }));
        Assert.Equal(BackendFailure.PinRequired, refused.Failure);
        Assert.Equal(0, _memory.Outstanding);
    }

    private string Private(string content)
    {
        string file = _surroundings.Write("password", content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
        }

        return file;
    }

    private async Task<Secret?> AskAsync(string file, PinPrompt prompt) =>
        await new PasswordFile(file, _memory, new Nobody()).ReadPinAsync(prompt, TestContext.Current.CancellationToken);

    private sealed class Nobody : IPrompter
    {
        public string? Unavailable(PeerInfo peer) => null;

        public ValueTask<bool> ConfirmAsync(ConfirmPrompt prompt, CancellationToken ct) => new(false);

        public ValueTask<Secret?> ReadPinAsync(PinPrompt prompt, CancellationToken ct) => new((Secret?)null);

        public IDisposable ShowTouch(TouchPrompt prompt) => throw new InvalidOperationException();
    }
}
