using SecureAgent.Backends.Piv;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>Commands to the byte, as SP 800-73-4 part 2 and Yubico's extensions write them.</summary>
public sealed class PivCommandsTests : IDisposable
{
    private readonly AnsweringCard _card = new();
    private readonly PivCommands _commands;

    public PivCommandsTests() => _commands = new PivCommands(new PivTransport(_card));

    public void Dispose() => _card.Dispose();

    [Fact]
    public void PIN_is_padded_with_FF_and_the_wrong_one_tells_the_tries()
    {
        _card.Answers("63C2", "9000", "6983");
        Assert.Equal(2, _commands.Verify("123456"u8).TriesLeft);
        Assert.True(_commands.Verify("12345678"u8).IsSuccess);
        Assert.Equal(0, _commands.Verify("123456"u8).TriesLeft);
        _card.WasSent("00200080 08 313233343536FFFF", "00200080 08 3132333435363738", "00200080 08 313233343536FFFF");
    }

    [Fact]
    public void Tries_are_read_without_a_PIN()
    {
        _card.Answers("63C3", "6983", "9000");
        Assert.Equal(3, _commands.ReadTriesLeft());
        Assert.Equal(0, _commands.ReadTriesLeft());
        Assert.Null(_commands.ReadTriesLeft());
        _card.WasSent("00200080", "00200080", "00200080");
    }

    [Fact]
    public void Refusal_that_says_no_tries_is_no_wrong_PIN()
    {
        _card.Answers("6D00", "6A88");
        PivException error = Assert.Throws<PivException>(() => _commands.Verify("123456"u8));
        Assert.Equal(StatusWord.InstructionNotSupported, error.Status);
        Assert.Throws<PivException>(() => _commands.ReadTriesLeft());
    }

    [Fact]
    public void Digest_is_signed_with_one_APDU()
    {
        string digest = new('A', 64);
        _card.Answers("7C0A8208" + "3006020101020102" + "9000");
        StatusWord status = _commands.Sign(
            PivSlot.Authentication, PivAlgorithm.ECC_P256, Convert.FromHexString(digest), out byte[] signature);
        Assert.True(status.IsSuccess);
        Assert.Equal("3006020101020102", Convert.ToHexString(signature));
        _card.WasSent($"0087119A 26 7C24 8200 8120 {digest} 00");
    }

    [Fact]
    public void Block_is_sent_in_a_chain_and_its_signature_comes_in_pieces()
    {
        string block = new('B', 512);
        string signed = new('C', 512);
        _card.Answers("9000", "7C82010482820100" + signed[..496] + "6108", signed[496..] + "9000");
        StatusWord status = _commands.Sign(
            PivSlot.Parse("82"), PivAlgorithm.RSA_2048, Convert.FromHexString(block), out byte[] signature);
        Assert.True(status.IsSuccess);
        Assert.Equal(signed, Convert.ToHexString(signature));
        string data = "7C820106" + "8200" + "81820100" + block;
        _card.WasSent($"10870782 FF {data[..510]}", $"00870782 0B {data[510..]} 00", "00C00000 08");
    }

    [Fact]
    public void Wrong_length_is_asked_for_again_with_the_right_one()
    {
        _card.Answers("6C04", "00BC614E9000");
        Assert.Equal(12345678u, _commands.ReadSerial());
        _card.WasSent("00F80000 00", "00F80000 04");
    }

    [Fact]
    public void Object_is_named_by_its_tag_and_an_absent_one_is_none()
    {
        _card.Answers("5303AABBCC9000", "6A82", "53009000");
        Assert.Equal("AABBCC", Convert.ToHexString(_commands.ReadObject(0x5FC105)!));
        Assert.Null(_commands.ReadObject(0x5FC10D));
        Assert.Null(_commands.ReadObject(0x5FC10D));
        _card.WasSent(
            "00CB3FFF 05 5C035FC105 00", "00CB3FFF 05 5C035FC10D 00", "00CB3FFF 05 5C035FC10D 00");
    }

    [Fact]
    public void Key_is_made_with_its_policies()
    {
        _card.Answers("7F4903860104" + "9000", "7F4903860104" + "9000");
        _commands.Generate(PivSlot.Authentication, PivAlgorithm.ECC_P256, PivPinPolicy.Once, PivTouchPolicy.Cached);
        _commands.Generate(PivSlot.Signature, PivAlgorithm.RSA_2048, PivPinPolicy.Default, PivTouchPolicy.Default);
        _card.WasSent("0047009A 0B AC09 800111 AA0102 AB0103 00", "0047009C 05 AC03 800107 00");
    }

    [Fact]
    public void PIN_PUK_tries_and_management_key_are_set_as_Yubico_writes_them()
    {
        _card.Answers("9000", "9000", "9000", "9000", "9000", "9000");
        _commands.ChangeReference(PivCommands.Puk, "12345678"u8, "87654321"u8);
        _commands.ResetRetryCounter("12345678"u8, "654321"u8);
        _commands.SetRetries(5, 8);
        _commands.SetManagementKey(PivAlgorithm.AES_128, new byte[16]);
        _commands.Delete(PivSlot.Parse("95"));
        _commands.Reset();
        _card.WasSent(
            "00240081 10 3132333435363738 3837363534333231", "002C0080 10 3132333435363738 363534333231FFFF",
            "00FA0508", "00FFFFFF 13 089B10 00000000000000000000000000000000", "00F6FF95", "00FB0000");
    }

    private sealed class AnsweringCard : ISmartCard
    {
        private readonly Queue<byte[]> _answers = new();
        private readonly List<string> _sent = [];

        public ReadOnlyMemory<byte> Atr => default;

        public void Answers(params string[] answers)
        {
            foreach (string answer in answers)
            {
                _answers.Enqueue(Convert.FromHexString(answer));
            }
        }

        public void WasSent(params string[] apdus) => Assert.Equal(
            apdus.Select(apdu => apdu.Replace(" ", "", StringComparison.Ordinal)), _sent);

        public int Transmit(ReadOnlySpan<byte> command, Span<byte> response)
        {
            _sent.Add(Convert.ToHexString(command));
            byte[] answer = _answers.Dequeue();
            answer.CopyTo(response);
            return answer.Length;
        }

        public void BeginTransaction()
        {
        }

        public void EndTransaction()
        {
        }

        public void Dispose()
        {
        }
    }
}
