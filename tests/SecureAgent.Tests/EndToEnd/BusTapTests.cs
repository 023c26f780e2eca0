using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SecureAgent.Tests.EndToEnd;

public sealed class BusTapTests
{
    private const string Pin = "PIN-canary-8142";

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    [Trait("Promise", "TPM traffic encrypted")]
    public async Task The_bus_shows_neither_PIN_nor_sealed_seed_nor_imported_key(AgentKind agent)
    {
        await using AgentWorld world = await StartAsync(agent);
        await using BusTap tap = Tap(world);
        world.Home.Askpass.Pin = Pin;
        string sealedFile = await world.KeyFileAsync("sealed-file", "", "-t", "ed25519");
        string importedFile = await world.KeyFileAsync("imported-file", "", "-t", "ecdsa", "-m", "PKCS8");
        await world.RunAsync("key", "new", "pinned", "--in", "tpm", "--type", "ecdsa-256", "--pin");
        await world.RunAsync("key", "seal", "sealed", sealedFile);
        await world.RunAsync("key", "seal", "sealed-pinned", sealedFile, "--pin");
        await world.RunAsync("key", "import", "imported", importedFile, "--in", "tpm");
        await world.StartProgramAsync(world.Home.Environment);
        foreach (string name in new[] { "pinned", "sealed", "sealed-pinned", "imported" })
        {
            string file = await world.ListedAsync(name);
            Ran signed = (await world.Client.SignAsync(file, "a message\n")).Succeeded();
            (await world.Client.VerifyAsync(file, "a message\n", signed.Output)).Succeeded();
        }

        byte[] seen = tap.Seen;

        // That the tap works is seen from a public value that does pass in the clear.
        byte[] publicPoint = PublicPoint(world.PublicKeyFile("pinned"));
        Assert.True(seen.AsSpan().IndexOf(publicPoint.AsSpan(1, 32)) > 0, "the tap missed the public key");
        foreach ((string what, byte[] secret) in Secrets(sealedFile, importedFile))
        {
            Assert.True(seen.AsSpan().IndexOf(secret) < 0, $"the bus shows {what}");
        }
    }

    [Theory]
    [InlineData(AgentKind.Swtpm, "new key --in tpm --type rsa-2048")]
    [InlineData(AgentKind.Swtpm, "new key --in tpm --type ecdsa-256 --pin")]
    [InlineData(AgentKind.Swtpm, "seal key")]
    [InlineData(AgentKind.Simulator, "new key --in tpm --type rsa-2048")]
    [InlineData(AgentKind.Simulator, "new key --in tpm --type ecdsa-256 --pin")]
    [InlineData(AgentKind.Simulator, "seal key")]
    public async Task One_flipped_bit_in_a_response_yields_no_wrong_signature_and_the_agent_recovers(
        AgentKind agent, string command)
    {
        await using AgentWorld world = await StartAsync(agent);
        await using BusTap tap = Tap(world);
        await world.RunAsync(["key", .. command.Split(' ')]);
        await world.StartProgramAsync(world.Home.Environment);
        string file = await world.ListedAsync("key");
        (await world.Client.SignAsync(file, "a message\n")).Succeeded();
        int refused = 0;

        // Tag, size, response code, the first bytes of the parameters, the middle, and the end, which is in the
        // session area.
        foreach (double place in new[] { 0, 1, 5, 9, 12, 17, 0.4, 0.5, 0.7, -20, -1 })
        {
            int changed = 0;
            tap.Change(response => Interlocked.Increment(ref changed) == 1 ? Flip(response, place) : response);
            Ran signed = await world.Client.SignAsync(file, "a message\n");
            tap.Change(null);

            // An agent that notices may ask the TPM once more; what it must not do is give out what it did not check.
            Assert.True(changed > 0, "no response was changed");
            refused += signed.ExitCode == 0 ? 0 : 1;
            if (signed.ExitCode == 0)
            {
                (await world.Client.VerifyAsync(file, "a message\n", signed.Output)).Succeeded();
            }

            Ran after = (await world.Client.SignAsync(file, "a message\n")).Succeeded();
            (await world.Client.VerifyAsync(file, "a message\n", after.Output)).Succeeded();
        }

        Assert.True(refused > 0, "no changed response was refused");
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task Exit_code_75_says_that_the_TPM_stays_busy(AgentKind agent)
    {
        await using AgentWorld world = await StartAsync(agent);
        await using BusTap tap = Tap(world);

        // TPM 2.0 Part 2 table 16: TPM_RC_RETRY.
        tap.Change(_ => Convert.FromHexString("80010000000A00000922"));
        Ran ran = await SecureAgentProgram.RunAsync(world.Home, "key", "new", "x", "--in", "tpm");

        Assert.NotEqual("", ran.ExitedWith(75).Error);
        Assert.Empty(Directory.GetFiles(world.Home.KeyDirectory));
        tap.Change(null);
        await world.RunAsync("key", "new", "x", "--in", "tpm", "--type", "ecdsa-256");
    }

    private static async Task<AgentWorld> StartAsync(AgentKind agent)
    {
        Needs.Agent(agent);
        return await AgentWorld.StartTpmOnlyAsync(agent);
    }

    private static BusTap Tap(AgentWorld world)
    {
        BusTap tap = BusTap.Start(world.Home.File("run/tap.sock"), world.Tpm.SwtpmSocket);
        world.UseTpm(tap.Tcti);
        return tap;
    }

    private static byte[] Flip(byte[] response, double place)
    {
        int index = place switch
        {
            < 0 => response.Length + (int)place,
            < 1 and > 0 => (int)(response.Length * place),
            _ => (int)place,
        };
        if (index >= 0 && index < response.Length)
        {
            // The lowest bit that is set: a size becomes smaller, so that nobody waits for bytes that never come.
            response[index] = (byte)(response[index] == 0 ? 0x04 : response[index] & (response[index] - 1));
        }

        return response;
    }

    private static byte[] PublicPoint(string publicKeyFile) =>
        AgentSocket.Texts(Convert.FromBase64String(File.ReadAllText(publicKeyFile).Split(' ')[1]))[2];

    private static List<(string What, byte[] Secret)> Secrets(string sealedFile, string importedFile)
    {
        using ECDsa imported = ECDsa.Create();
        imported.ImportFromPem(File.ReadAllText(importedFile));
        List<(string What, byte[] Secret)> secrets = [.. Forms("the imported key", imported.ExportParameters(true).D!)];
        secrets.AddRange(Forms("the sealed seed", Seed(sealedFile)));
        foreach (Encoding encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            foreach (string pin in new[] { Pin, Pin + "\n", Pin + "\0" })
            {
                byte[] bytes = encoding.GetBytes(pin);
                secrets.AddRange(Forms("the PIN", bytes));
                secrets.AddRange(Forms("the PIN's SHA-256", SHA256.HashData(bytes)));
                secrets.AddRange(Forms("the PIN's SHA-384", SHA384.HashData(bytes)));
                secrets.AddRange(Forms("the PIN's SHA-512", SHA512.HashData(bytes)));
            }
        }

        return secrets;
    }

    private static IEnumerable<(string What, byte[] Secret)> Forms(string what, byte[] secret)
    {
        byte[] backwards = [.. secret.Reverse()];
        yield return (what, secret);
        yield return ($"{what} backwards", backwards);
        yield return ($"{what} in hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexString(secret)));
        yield return ($"{what} in hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret)));
        yield return ($"{what} in base64", Encoding.ASCII.GetBytes(Convert.ToBase64String(secret).TrimEnd('=')));
        if (secret.Length >= 32)
        {
            yield return ($"the first half of {what}", secret[..16]);
            yield return ($"the second half of {what}", secret[16..32]);
        }
    }

    // OpenSSH's PROTOCOL.key: an Ed25519 private key is the public key, and then one string of seed and public key.
    private static byte[] Seed(string file)
    {
        string[] lines = File.ReadAllLines(file);
        byte[] key = Convert.FromBase64String(string.Concat(lines.Where(line => !line.StartsWith("-----"))));
        byte[] blob = Convert.FromBase64String(File.ReadAllText(file + ".pub").Split(' ')[1]);
        byte[] publicKey = AgentSocket.Texts(blob)[1];
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, 64);
        int at = key.AsSpan().LastIndexOf(publicKey) - 32;
        Assert.True(key.AsSpan(at - 4, 4).SequenceEqual(length));
        return key[at..(at + 32)];
    }
}
