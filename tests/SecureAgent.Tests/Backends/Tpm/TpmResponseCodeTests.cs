using SecureAgent.Backends.Tpm;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmResponseCodeTests
{
    // The words are those of tpm2_rc_decode (tpm2-tools 5.4) for the same numbers.
    [Theory]
    [InlineData(0x000u, "TPM_RC_SUCCESS")]
    [InlineData(0x98Eu, "TPM_RC_AUTH_FAIL (session 1)")]
    [InlineData(0x9A2u, "TPM_RC_BAD_AUTH (session 1)")]
    [InlineData(0xA8Eu, "TPM_RC_AUTH_FAIL (session 2)")]
    [InlineData(0x1DFu, "TPM_RC_INTEGRITY (parameter 1)")]
    [InlineData(0x2C4u, "TPM_RC_VALUE (parameter 2)")]
    [InlineData(0xFC4u, "TPM_RC_VALUE (parameter 15)")]
    [InlineData(0x18Bu, "TPM_RC_HANDLE (handle 1)")]
    [InlineData(0x084u, "TPM_RC_VALUE")]
    [InlineData(0x902u, "TPM_RC_OBJECT_MEMORY")]
    [InlineData(0x910u, "TPM_RC_REFERENCE_H0")]
    [InlineData(0x918u, "TPM_RC_REFERENCE_S0")]
    [InlineData(0x921u, "TPM_RC_LOCKOUT")]
    [InlineData(0x922u, "TPM_RC_RETRY")]
    [InlineData(0x100u, "TPM_RC_INITIALIZE")]
    [InlineData(0x9ADu, "TPM_RC 0x9AD (session 1)")]
    public void Code_names_what_it_is_about(uint value, string text) =>
        Assert.Equal(text, new TpmResponseCode(value).ToString());

    [Fact]
    public void Code_is_recognised_whatever_it_is_about()
    {
        Assert.True(new TpmResponseCode(0x98E).Is(TPM_RC.AUTH_FAIL));
        Assert.True(new TpmResponseCode(0x08E).Is(TPM_RC.AUTH_FAIL));
        Assert.False(new TpmResponseCode(0x98E).Is(TPM_RC.BAD_AUTH));
        Assert.True(new TpmResponseCode(0x000B_0922).Is(TPM_RC.RETRY));
        Assert.True(new TpmResponseCode(0).Is(TPM_RC.SUCCESS));
        Assert.False(new TpmResponseCode(0x0040_0000).Is(TPM_RC.SUCCESS));
    }

    [Fact]
    public void Every_code_has_a_meaning()
    {
        foreach (TPM_RC code in Enum.GetValues<TPM_RC>())
        {
            Assert.NotNull(TpmResponseCodeText.Of(code));
        }
    }

    [Fact]
    public void Names_and_numbers_are_those_of_tpm2_tools()
    {
        string tool = Requires.Tool("tpm2_getcap")[..^"getcap".Length] + "rc_decode";
        Requires.File(tool, "tpm2-tools");
        foreach (TPM_RC code in Enum.GetValues<TPM_RC>().Where(code => code is not (TPM_RC.SUCCESS or TPM_RC.BAD_TAG
            or TPM_RC.PRIVATE or TPM_RC.HMAC or TPM_RC.NOT_USED or TPM_RC.FW_LIMITED or TPM_RC.SVN_LIMITED)))
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo(tool, $"0x{(int)code:X}") { RedirectStandardOutput = true })!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            Assert.False(string.IsNullOrWhiteSpace(output), code.ToString());
        }
    }
}
