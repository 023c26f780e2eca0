using SecureAgent.Backends.Piv;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class PivKeyBackendTests
{
    private const byte GeneralAuthenticate = 0x87;

    [Theory]
    [InlineData(PivAlgorithm.ECC_P256)]
    [InlineData(PivAlgorithm.ECC_P384)]
    public Task Warm_signature_is_one_APDU(PivAlgorithm algorithm) => WarmSignatureIsOneApduAsync(algorithm);

    [Fact]
    public Task Warm_signature_with_Ed25519_is_one_APDU() => WarmSignatureIsOneApduAsync(PivAlgorithm.ED25519);

    [Theory]
    [InlineData("ECC_P256")]
    [InlineData("ECC_P384")]
    [InlineData("ED25519")]
    [InlineData("RSA_1024")]
    [InlineData("RSA_2048")]
    [InlineData("RSA_3072")]
    [InlineData("RSA_4096")]
    public async Task Key_of_every_type_is_listed_and_signs(string type)
    {
        await using PivBench bench = PivBench.Start();
        PublicKey made = bench.Generate(PivSlot.Parse("82"), Enum.Parse<PivAlgorithm>(type));
        await bench.ListAsync(PivBench.Pin);

        Identity identity = Assert.Single(bench.Backend.Snapshot());
        Assert.Equal(made, identity.PublicKey);
        Assert.Equal("piv:12345678:82", identity.Comment);
        await bench.SignAsync();
        Assert.Equal(
            type == "RSA_1024",
            bench.Log.Events.Any(logged => logged.Message.Contains("too short", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Listing_costs_no_APDU_and_asks_nobody()
    {
        await using PivBench bench = PivBench.Start();
        bench.Generate(PivSlot.Authentication, PivAlgorithm.ED25519);
        await bench.ListAsync();

        IReadOnlyList<Identity> first = bench.Backend.Snapshot();
        Assert.Same(first, bench.Backend.Snapshot());
        Assert.Single(first);
        Assert.Empty(bench.Readers.Apdus);
        Assert.Empty(bench.Person.Prompts);
    }

    private static async Task WarmSignatureIsOneApduAsync(PivAlgorithm algorithm)
    {
        await using PivBench bench = PivBench.Start();
        bench.Generate(PivSlot.Authentication, algorithm);
        await bench.ListAsync(PivBench.Pin);
        await bench.SignAsync();
        bench.Readers.Forget();

        await bench.SignAsync();
        await bench.SignAsync();

        Assert.Equal([GeneralAuthenticate, GeneralAuthenticate], bench.Readers.Instructions);
        Assert.Single(bench.Person.Prompts);
    }
}
