using System.Globalization;
using SecureAgent.Tests.HwSim.Servers;

namespace SecureAgent.Tests.HwSim.Commands;

/// <summary><c>hwsim tpm</c> as a process.</summary>
public sealed class TpmCommandTests : IDisposable
{

    // TPM2_GetRandom of 8 octets.
    private const string GetRandom = "8001 0000000C 0000017B 0008";

    private readonly string _directory = Directory.CreateTempSubdirectory("hwsim-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Endpoints_are_printed_served_and_ended_by_SIGTERM()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGTERM is sent with kill(2)");
        string path = Path.Combine(_directory, "tpm.sock");
        string state = Path.Combine(_directory, "state");
        using HwSimProcess hwsim = new("tpm", "--mssim", "0", "--swtpm", path, "--state", state);
        string mssim = await hwsim.ReadLineAsync();
        Assert.StartsWith("mssim:host=127.0.0.1,port=", mssim, StringComparison.Ordinal);
        Assert.Equal($"swtpm:path={path}", await hwsim.ReadLineAsync());
        using (RawClient client = new(int.Parse(mssim[26..], CultureInfo.InvariantCulture)))
        {
            client.Send("00000008 00 0000000C" + GetRandom);
            client.Expect("00000014 8001 00000014 00000000 0008");
        }

        using (RawClient client = new(path))
        {
            client.Send(GetRandom);
            client.Expect("8001 00000014 00000000 0008");
        }

        hwsim.Terminate();
        Assert.Equal(0, await hwsim.EndAsync());
        Assert.False(File.Exists(path));
        Assert.True(File.Exists(Path.Combine(_directory, "state")));
    }

    [Theory]
    [InlineData(64, "tpm", "--mssim", "65535")]
    [InlineData(64, "tpm", "--mssim", "none")]
    [InlineData(64, "tpm", "--no-such-option")]
    [InlineData(64, "no-such-command")]
    [InlineData(0, "tpm", "--help")]
    public async Task Exit_code_tells_a_wrong_command_line(int expected, params string[] arguments)
    {
        using HwSimProcess hwsim = new(arguments);
        Assert.Equal(expected, await hwsim.EndAsync());
        Assert.Equal(expected != 0, (await hwsim.Errors).StartsWith("hwsim: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Taken_path_and_damaged_state_are_explained()
    {
        string path = Path.Combine(_directory, "there");
        await File.WriteAllTextAsync(path, "not a state file", TestContext.Current.CancellationToken);
        foreach (string[] arguments in new[]
        {
            new[] { "tpm", "--swtpm", path }, ["tpm", "--mssim", "0", "--state", path],
        })
        {
            using HwSimProcess hwsim = new(arguments);
            Assert.Equal(1, await hwsim.EndAsync());
            Assert.StartsWith("hwsim: ", await hwsim.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", await hwsim.Errors, StringComparison.Ordinal);
        }
    }
}
