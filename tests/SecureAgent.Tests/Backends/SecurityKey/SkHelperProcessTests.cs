using SecureAgent.Backends.SecurityKey;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Tests.EndToEnd;

namespace SecureAgent.Tests.Backends.SecurityKey;

/// <summary>Helpers that do not do what they should. What they should do, OpenSSH's own shows in
/// <see cref="SecurityKeyTests"/>.</summary>
public sealed class SkHelperProcessTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sa-sk-").FullName;
    private readonly ManualTime _time = new();

    public SkHelperProcessTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The helpers are shell scripts.");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("", "ended with exit code 0")]
    [InlineData("exit 3", "ended with exit code 3")]
    [InlineData("echo 'no driver' >&2; echo more >&2; exit 1", "exit code 1: no driver.")]
    [InlineData("printf '\\0\\0'", "ended with exit code 0")]
    [InlineData("printf '\\0\\0\\0\\11\\5\\0\\0'", "ended with exit code 0")]
    [InlineData("printf '\\177\\377\\377\\377'", "announced an answer of 2147483647 bytes")]
    [InlineData("printf '\\0\\0\\0\\0'", "what no signature is: version")]
    [InlineData("printf '\\0\\0\\0\\11\\4\\0\\0\\0\\0\\0\\0\\0\\53'", "version: 4 instead of 5")]
    [InlineData("printf '\\0\\0\\0\\11\\5\\0\\0\\0\\2\\0\\0\\0\\53'", "type: 2 instead of 1")]
    [InlineData("printf '\\0\\0\\0\\12\\5\\0\\0\\0\\0\\0\\0\\0\\53\\0'", "what no signature is: reply")]
    [InlineData("printf '\\0\\0\\0\\11\\5\\0\\0\\0\\1\\0\\0\\0\\0'", "what no signature is: signature")]
    [InlineData("printf '\\0\\0\\0\\11\\5\\0\\0\\0\\0\\0\\0\\0\\4'", "refused to sign, and did not say why")]
    public void Answer_that_is_none_is_an_error_that_says_so(string script, string reason)
    {
        SkHelperProcess helper = Script(script);
        BackendException refused = Assert.Throws<BackendException>(() => Ask(helper));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Error_is_passed_on_by_its_number()
    {
        SkHelperReply reply = Ask(Script("printf '\\0\\0\\0\\11\\5\\0\\0\\0\\0\\0\\0\\0\\53'"));
        Assert.Null(reply.Signature);
        Assert.Equal(SkHelperError.SSH_ERR_KEY_WRONG_PASSPHRASE, reply.Error);
    }

    [Fact]
    public void Words_of_a_helper_that_got_a_PIN_are_not_repeated()
    {
        SkHelperProcess helper = Script("cat >&2; exit 1");
        BackendException refused = Assert.Throws<BackendException>(
            () => helper.Ask("271828"u8, isQuotable: false, TestContext.Current.CancellationToken));
        Assert.DoesNotContain("271828", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Helper_that_does_not_answer_is_killed_after_a_minute()
    {
        SkHelperProcess helper = Script("echo $$ > pid; exec sleep 1000");
        Task<SkHelperReply> asked = Task.Run(() => Ask(helper), TestContext.Current.CancellationToken);
        int process = await StartedAsync();
        _time.Advance(SkHelperProcess.Patience + TimeSpan.FromSeconds(1));
        BackendException late = await Assert.ThrowsAsync<BackendException>(
            () => asked.WaitAsync(Deadline.Span, TestContext.Current.CancellationToken));
        Assert.Equal(BackendFailure.Busy, late.Failure);
        await GoneAsync(process);
    }

    [Fact]
    public async Task Helper_whose_client_leaves_is_killed_with_what_it_started()
    {
        SkHelperProcess helper = Script("sleep 1000 & echo $! > pid; wait");
        using CancellationTokenSource left = new();
        Task<SkHelperReply> asked = Task.Run(
            () => helper.Ask([1], isQuotable: true, left.Token), TestContext.Current.CancellationToken);
        int process = await StartedAsync();
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => asked.WaitAsync(Deadline.Span, TestContext.Current.CancellationToken));
        await GoneAsync(process);
    }

    [Fact]
    public void Helper_that_is_no_program_is_an_error_that_names_it()
    {
        string file = Path.Combine(_directory, "text");
        File.WriteAllText(file, "no program");
        BackendException refused = Assert.Throws<BackendException>(() => Ask(new SkHelperProcess(file, _time)));
        Assert.Equal(BackendFailure.DeviceAbsent, refused.Failure);
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
    }

    private SkHelperProcess Script(string script)
    {
        string file = Path.Combine(_directory, "helper");
        OwnerOnly.Program(file, $"#!/bin/sh\ncd '{_directory}'\n{script}\n");
        return new SkHelperProcess(file, _time);
    }

    private static SkHelperReply Ask(SkHelperProcess helper) =>
        helper.Ask([1, 2, 3], isQuotable: true, TestContext.Current.CancellationToken);

    private async Task<int> StartedAsync()
    {
        string file = Path.Combine(_directory, "pid");
        await Deadline.UntilAsync(
            () => File.Exists(file) && File.ReadAllText(file).EndsWith('\n'), () => "the helper did not start");
        return int.Parse(File.ReadAllText(file), System.Globalization.CultureInfo.InvariantCulture);
    }

    // One that has ended is there until whoever inherits it looks: state Z.
    private static Task GoneAsync(int process) => Deadline.UntilAsync(
        () => !File.Exists($"/proc/{process}/stat")
            || File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal),
        () => $"process {process} is still there");
}
