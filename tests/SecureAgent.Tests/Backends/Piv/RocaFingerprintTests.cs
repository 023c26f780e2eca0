using SecureAgent.Backends.Piv;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class RocaFingerprintTests
{
    [Theory]
    [InlineData("roca-weak-3.txt", true)]
    [InlineData("roca-weak-9.txt", true)]
    [InlineData("roca-clean-4.txt", false)]
    [InlineData("roca-clean-7.txt", false)]
    public void Moduli_of_the_discoverers_are_told_apart(string file, bool isWeak)
    {
        string text = File.ReadAllText(
            Path.Combine(AppContext.BaseDirectory, "Backends", "Piv", "Vectors", file)).Trim();
        byte[] modulus = Convert.FromHexString(text.Replace("0x", "", StringComparison.Ordinal));
        Assert.Equal(isWeak, RocaFingerprint.Matches(modulus));
    }

    [Fact]
    public void Other_moduli_are_clean()
    {
        Random random = new(1);
        byte[] modulus = new byte[256];
        for (int i = 0; i < 10_000; i++)
        {
            random.NextBytes(modulus);
            Assert.False(RocaFingerprint.Matches(modulus));
        }
    }
}
