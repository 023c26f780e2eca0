using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmTctiTests
{
    [Theory]
    [InlineData("tbs")]
    [InlineData("device")]
    [InlineData("device:/dev/tpmrm0")]
    [InlineData("swtpm")]
    [InlineData("swtpm:port=2322")]
    [InlineData("swtpm:host=127.0.0.1,port=2321")]
    [InlineData("swtpm:host=::1")]
    [InlineData("mssim")]
    [InlineData("mssim:host=localhost,port=65534")]
    public void TCTI_strings_of_tpm2_tss_are_read(string text) => Assert.Equal(text, TpmTcti.Parse(text).ToString());

    [Fact]
    public void TCTI_with_the_path_of_a_Unix_socket_is_read_where_there_are_any()
    {
        const string Text = "swtpm:path=/run/x.sock";
        if (OperatingSystem.IsWindows())
        {
            FormatException error = Assert.Throws<FormatException>(() => TpmTcti.Parse(Text));
            Assert.Contains("use host and port", error.Message, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(Text, TpmTcti.Parse(Text).ToString());
    }

    [Theory]
    [InlineData("", "none of tbs")]
    [InlineData("tabrmd", "none of tbs")]
    [InlineData("tbs:1", "none of tbs")]
    [InlineData("device:tpmrm0", "absolute path")]
    [InlineData("swtpm:", null)]
    [InlineData("swtpm:2321", "\"2321\"")]
    [InlineData("swtpm:host=", "host is empty")]
    [InlineData("swtpm:port=0", "1 to 65535")]
    [InlineData("swtpm:port=65536", "1 to 65535")]
    [InlineData("swtpm:port=+1", "1 to 65535")]
    [InlineData("swtpm:port=1,port=2", "twice")]
    [InlineData("swtpm:path=", "path is empty")]
    [InlineData("swtpm:path=/x,port=1", "without host and port")]
    [InlineData("mssim:path=/x", "\"path=/x\"")]
    [InlineData("mssim:port=65535", "1 to 65534")]
    public void Anything_else_is_refused_with_what_is_wrong(string text, string? why)
    {
        if (why is null)
        {
            TpmTcti.Parse(text);
            return;
        }

        FormatException error = Assert.Throws<FormatException>(() => TpmTcti.Parse(text));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Contains("device:/dev/tpmrm0", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("device:/dev/no-such-tpm")]
    [InlineData("swtpm:path=/nonexistent/tpm.sock")]
    public void Device_that_is_not_there_is_absent(string text)
    {
        Requires.Linux("devices and sockets with a path");
        BackendException error = Assert.ThrowsAny<BackendException>(() => TpmTcti.Parse(text).Open());
        Assert.Equal(BackendFailure.DeviceAbsent, error.Failure);
        Assert.Contains(text[(text.IndexOf('/', StringComparison.Ordinal))..], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TBS_is_absent_where_there_is_no_Windows()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        BackendException error = Assert.ThrowsAny<BackendException>(() => TpmTcti.Parse("tbs").Open());
        Assert.Equal(BackendFailure.DeviceAbsent, error.Failure);
    }
}
