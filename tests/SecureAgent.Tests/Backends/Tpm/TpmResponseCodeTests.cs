using SecureAgent.Backends.Tpm;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmResponseCodeTests
{
    // Names from TPM 2.0 Part 2, tables 16 and 17; handles, parameters and sessions as tpm2_rc_decode of tpm2-tools 5.4
    // says.
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
    public void Names_and_numbers_are_those_of_the_simulator()
    {
        // The simulator's table was written from the specification on its own.
        Dictionary<string, uint> theirs = Enum.GetValues<SecureAgent.HwSim.Tpm.TPM_RC>()
            .ToDictionary(code => code.ToString(), code => (uint)code);
        foreach (TPM_RC code in Enum.GetValues<TPM_RC>())
        {
            if (theirs.TryGetValue("TPM_RC_" + code, out uint value))
            {
                Assert.Equal(value, (uint)code);
            }
        }

        Assert.True(theirs.Count > 50);
    }
}
