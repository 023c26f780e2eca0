using SecureAgent.Cli.Hosting;
using SecureAgent.Core;
using SecureAgent.Tests.EndToEnd;

namespace SecureAgent.Tests.Cli.Hosting;

public sealed class WslInteropTests : IDisposable
{
    private readonly TestSurroundings _surroundings = new();
    private readonly HashSet<string> _living = [];
    private readonly WslInterop _interop;

    public WslInteropTests() => _interop = new WslInterop(_surroundings.Home, path => new Dialer(_living.Contains(path)));

    public void Dispose() => _surroundings.Dispose();

    [Fact]
    public void A_socket_that_answers_is_kept()
    {
        string one = Socket("1_interop", lives: true);
        string mine = Socket("900_interop", lives: true);
        Assert.Equal(mine, _interop.Choose(mine));
        Assert.Equal(one, _interop.Choose(null));
    }

    [Fact]
    public void For_one_that_does_not_answer_the_oldest_living_one_is_taken()
    {
        string dead = Socket("8_interop", lives: false);
        Socket("1000_interop", lives: true);
        string oldest = Socket("90_interop", lives: true);
        Socket("unrelated", lives: true);
        Assert.Equal(oldest, _interop.Choose(dead));
        Assert.Equal(oldest, _interop.Choose("/run/WSL/gone_interop"));
    }

    [Fact]
    public void Where_none_lives_the_variable_stays_as_it_is()
    {
        string dead = Socket("8_interop", lives: false);
        Assert.Equal(dead, _interop.Choose(dead));
        Assert.Null(_interop.Choose(null));
        Assert.Equal("x", new WslInterop("/nonexistent", path => new Dialer(lives: false)).Choose("x"));
    }

    [Theory]
    [InlineData(8, "/usr/lib/binfmt.d/WSLInterop.conf")]
    [InlineData(13, "Permission denied")]
    public void Why_a_Windows_program_does_not_start_is_said_with_the_cure(int error, string expected)
    {
        Needs.LinuxWith();
        Assert.Contains(expected, RelayProcess.Explain("/mnt/c/secure-agent.exe", error), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/home/me/secure-agent.exe", true)]
    [InlineData("/usr/local/bin/Secure-Agent.EXE", true)]
    [InlineData("/mnt/c/Users/me/secure-agent.exe", false)]
    [InlineData("/usr/bin/secure-agent", false)]
    public void A_Windows_program_on_the_Linux_side_is_warned_of(string program, bool isWarned)
    {
        Needs.LinuxWith();
        Assert.Equal(isWarned, RelayProcess.Warn(program) is not null);
    }

    private string Socket(string name, bool lives)
    {
        string path = _surroundings.Write(name, "");
        if (lives)
        {
            _living.Add(path);
        }

        return path;
    }

    private sealed class Dialer(bool lives) : IAgentDialer
    {
        public ValueTask<Stream> ConnectAsync(CancellationToken ct) =>
            lives ? new ValueTask<Stream>(new MemoryStream()) : throw new ChannelException("nobody listens");
    }
}
