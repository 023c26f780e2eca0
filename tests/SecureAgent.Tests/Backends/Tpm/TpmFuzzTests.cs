using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Whatever a TPM answers, the program refuses in words or gets a right signature. Set
/// SECURE_AGENT_FUZZ_SECONDS to go on for longer; the seed is printed where a case fails.</summary>
public sealed class TpmFuzzTests
{
    private static readonly byte[] Digest = SHA256.HashData("x"u8);
    private static readonly TpmSignatureScheme Ecdsa = TpmSignatureScheme.Ecdsa(HashAlgorithmName.SHA256);

    [Fact]
    public void Changed_answers_end_in_a_refusal_or_a_right_signature()
    {
        using TestTpm tpm = TestTpm.Start("simulator");
        TpmKeyBlobs key;
        using (TpmConnection maker = tpm.Connect())
        {
            key = maker.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
        }

        int refused = 0;
        Fuzz.Run(2000, random =>
        {
            tpm.Restart();
            using TpmConnection connection = tpm.Connect(out RecordingBus bus);
            int at = random.Next(6);
            bus.After = (_, response) => bus.Exchanges.Count == at ? Fuzz.Mutate(random, response) : response;
            try
            {
                byte[] signature = connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, [], null);
                Assert.True(TestKeys.Verifies(key.Public, Digest, signature, HashAlgorithmName.SHA256));
            }
            catch (BackendException)
            {
                refused++;
            }

            bus.After = null;
            byte[] after = connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, [], null);
            Assert.True(TestKeys.Verifies(key.Public, Digest, after, HashAlgorithmName.SHA256));
        });
        Assert.True(refused > 500, $"only {refused} were refused");
    }

    [Fact]
    public void Answers_that_nothing_authenticates_are_parsed_without_harm()
    {
        // A TPM that lies under a valid HMAC looks to the parsers like one whose HMAC nobody checks.
        using TestTpm tpm = TestTpm.Start("swtpm");
        RecordingBus bus = new(tpm.Open);
        Exercise(bus.Open);
        (byte[] Command, byte[] Response)[] recorded = [.. bus.Exchanges];
        Assert.True(recorded.Length > 8);

        int refused = 0;
        Fuzz.Run(20_000, random =>
        {
            int at = random.Next(recorded.Length);
            int next = 0;
            RecordingBus replay = new(() => new NoDevice())
            {
                Before = _ =>
                {
                    byte[] response = recorded[Math.Min(next, recorded.Length - 1)].Response;
                    return next++ == at ? Fuzz.Mutate(random, response) : [.. response];
                },
            };
            try
            {
                Exercise(replay.Open);
            }
            catch (TpmException)
            {
                refused++;
            }
        });
        Assert.True(refused > 1000, $"only {refused} were refused");
    }

    [Fact]
    public void Public_areas_are_parsed_without_harm_and_read_as_they_were_written()
    {
        byte[][] areas =
        [
            TpmTemplates.Storage(rsa: false),
            TpmTemplates.ImportedKey(
                TpmKeyTemplate.Ecdsa521, TPMA_OBJECT.None, true, new byte[32], new byte[66], new byte[66]),
            TpmTemplates.ImportedKey(
                TpmKeyTemplate.Rsa2048, TPMA_OBJECT.None, false, [], [.. Enumerable.Repeat((byte)0xC5, 256)], []),
            TpmTemplates.Sealed(true, []),
        ];
        Fuzz.Run(20_000, random =>
        {
            byte[] area = areas[random.Next(areas.Length)];
            Assert.Equal(area, TpmPublic.Parse(area).Bytes.ToArray());
            byte[] mutated = Fuzz.Mutate(random, area, isResponse: false);
            try
            {
                Assert.Equal(mutated, TpmPublic.Parse(mutated).Bytes.ToArray());
            }
            catch (TpmException)
            {
                // Refused.
            }
        });
    }

    // Every command whose answer can be taken without a session, on a key that needs none.
    private static void Exercise(Func<ITpmDevice> open)
    {
        using TpmTransport transport = new(open, _ => { });
        transport.EnsureOpen();
        TpmCommands commands = new(transport);
        commands.ReadClock();
        commands.GetProperties(0x100, 0x10);
        commands.GetAlgorithms();
        commands.GetCurves();
        commands.TestRsaParms(2048);
        (uint handle, TpmPublic publicArea) = commands.CreatePrimary(
            TpmParent.NullHandle, TpmTemplates.SigningKey(TpmKeyTemplate.Ecdsa256, TPMA_OBJECT.None, false, []),
            TpmAuthorization.EmptyPassword);
        commands.ReadPublic(handle);
        commands.Sign(new TpmHandle(handle, publicArea.Name), publicArea, Ecdsa, Digest,
            TpmAuthorization.EmptyPassword);
        commands.FlushContext(handle);
        (handle, publicArea) = commands.CreatePrimary(
            TpmParent.NullHandle, TpmTemplates.SigningKey(TpmKeyTemplate.Rsa2048, TPMA_OBJECT.None, false, []),
            TpmAuthorization.EmptyPassword);
        commands.Sign(
            new TpmHandle(handle, publicArea.Name), publicArea, TpmSignatureScheme.RsaPkcs1(HashAlgorithmName.SHA256),
            Digest, TpmAuthorization.EmptyPassword);
        commands.FlushContext(handle);
        (handle, publicArea) = commands.CreatePrimary(
            TpmParent.NullHandle, TpmTemplates.Storage(rsa: false), TpmAuthorization.EmptyPassword);
        using TpmSession session = commands.StartAuthSession(TPM_SE.HMAC, handle, publicArea, usesAuthValue: true);
        commands.FlushContext(session.Handle);
        commands.FlushContext(handle);
    }

    private sealed class NoDevice : ITpmDevice
    {
        public int Transmit(ReadOnlySpan<byte> command, Span<byte> response) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
