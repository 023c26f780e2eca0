using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class WireReaderTests
{
    /// <summary>The examples of RFC 4251 section 5 that are not negative.</summary>
    public static TheoryData<string, string> MpintExamples => new()
    {
        { "", "00000000" },
        { "09a378f9b2e332a7", "0000000809a378f9b2e332a7" },
        { "80", "000000020080" },
    };

    [Theory]
    [MemberData(nameof(MpintExamples))]
    public void Mpints_of_the_rfc_read_and_write(string magnitude, string encoded)
    {
        WireReader reader = new(Convert.FromHexString(encoded).AsSpan());
        Assert.Equal(magnitude, Convert.ToHexStringLower(reader.ReadMpint("n")));
        Assert.Equal(0, reader.Remaining);
        ArrayBufferWriter<byte> output = new();
        new WireWriter(output).WriteMpint(Convert.FromHexString("0000" + magnitude));
        Assert.Equal(encoded, Convert.ToHexStringLower(output.WrittenSpan));
    }

    [Theory]
    [InlineData("00000002edcc")] // -1234 in RFC 4251 section 5
    [InlineData("00000005ff21524111")] // -deadbeef there
    [InlineData("0000000100")] // 0 with a needless zero
    [InlineData("000000020001")] // 1 with a needless zero
    public void Negative_and_padded_mpints_are_refused(string encoded)
    {
        WireFormatException e = Assert.Throws<WireFormatException>(() =>
        {
            WireReader reader = new(Convert.FromHexString(encoded).AsSpan());
            _ = reader.ReadMpint("the number");
        });
        Assert.Contains("the number", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mpints_above_the_limit_are_refused()
    {
        ArrayBufferWriter<byte> output = new();
        byte[] largest = new byte[WireLimits.MaxRsaModulusBits / 8];
        largest.AsSpan().Fill(0xff);
        new WireWriter(output).WriteMpint(largest);
        WireReader reader = new(output.WrittenSpan);
        Assert.True(reader.ReadMpint("n").SequenceEqual(largest));

        ArrayBufferWriter<byte> tooLong = new();
        new WireWriter(tooLong).WriteMpint([1, .. largest]);
        Assert.Throws<WireFormatException>(() => new WireReader(tooLong.WrittenSpan).ReadMpint("n"));
    }

    [Theory]
    [InlineData(0x00000003u)]
    [InlineData(0x7ffffffbu)]
    [InlineData(0x7ffffffcu)]
    [InlineData(0x7fffffffu)]
    [InlineData(0x80000000u)]
    [InlineData(0xfffffffbu)]
    [InlineData(0xffffffffu)]
    public void String_lengths_beyond_the_buffer_are_refused_and_nothing_is_consumed(uint length)
    {
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteUInt32(length);
        writer.WriteBytes([1, 2]);
        WireReader reader = new(output.WrittenMemory);
        bool thrown = false;
        try
        {
            _ = reader.ReadString("s");
        }
        catch (WireFormatException)
        {
            thrown = true;
        }

        Assert.True(thrown);
        Assert.Equal(0, reader.Consumed);
        Assert.Equal(6, reader.Remaining);
    }

    [Fact]
    public void Numbers_booleans_and_strings_read_as_written()
    {
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteByte(0xab);
        writer.WriteBoolean(true);
        writer.WriteBoolean(false);
        writer.WriteUInt32(0xfedcba98);
        writer.WriteUInt64(0xfedcba9876543210);
        writer.WriteString([1, 2, 3]);
        writer.WriteUtf8("Schlüssel 鍵");
        writer.WriteString([]);
        Assert.Equal(
            "ab0100fedcba98fedcba9876543210" + "00000003010203"
            + "0000000e" + "536368" + "6cc3bc" + "7373656c" + "20" + "e98db5" + "00000000",
            Convert.ToHexStringLower(output.WrittenSpan));

        WireReader reader = new(output.WrittenMemory);
        Assert.Equal(0xab, reader.ReadByte("a"));
        Assert.True(reader.ReadBoolean("b"));
        Assert.False(reader.ReadBoolean("c"));
        Assert.Equal(0xfedcba98, reader.ReadUInt32("d"));
        Assert.Equal(0xfedcba9876543210, reader.ReadUInt64("e"));
        Assert.Equal([1, 2, 3], reader.ReadStringMemory("f").ToArray());
        Assert.Equal("Schlüssel 鍵", reader.ReadUtf8("g", 100));
        Assert.Equal(0, reader.ReadString("h").Length);
        reader.RequireEnd("all");
    }

    [Fact]
    public void Any_nonzero_boolean_is_true() => Assert.True(new WireReader([0x02]).ReadBoolean("b"));

    [Theory]
    [InlineData("00000001ff")] // never in UTF-8
    [InlineData("00000002c080")] // overlong NUL
    [InlineData("00000003eda080")] // surrogate
    [InlineData("00000003610062")] // NUL inside
    [InlineData("0000000461626364")] // longer than the limit of 3
    public void Text_is_strict(string encoded) =>
        Assert.Throws<WireFormatException>(
            () => new WireReader(Convert.FromHexString(encoded).AsSpan()).ReadUtf8("t", 3));

    [Fact]
    public void Truncated_numbers_are_refused()
    {
        Assert.Throws<WireFormatException>(() => new WireReader([]).ReadByte("b"));
        Assert.Throws<WireFormatException>(() => new WireReader([1, 2, 3]).ReadUInt32("u"));
        Assert.Throws<WireFormatException>(() => new WireReader([1, 2, 3, 4, 5, 6, 7]).ReadUInt64("u"));
        Assert.Throws<WireFormatException>(() => new WireReader([0, 0, 0]).ReadString("s"));
        Assert.Throws<WireFormatException>(() => new WireReader([0]).RequireEnd("end"));
    }

    [Fact]
    public void Slices_are_not_copied_and_need_memory()
    {
        byte[] bytes = [0, 0, 0, 1, 7];
        ReadOnlyMemory<byte> slice = new WireReader(bytes.AsMemory()).ReadStringMemory("s");
        bytes[4] = 8;
        Assert.Equal(8, slice.Span[0]);
        Assert.Throws<InvalidOperationException>(() => new WireReader(bytes.AsSpan()).ReadStringMemory("s"));
    }

    [Fact]
    public void Reading_and_writing_do_not_allocate()
    {
        ArrayBufferWriter<byte> output = new(1024);
        RoundTrip(output);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RoundTrip(output);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void RoundTrip(ArrayBufferWriter<byte> output)
        {
            output.ResetWrittenCount();
            WireWriter writer = new(output);
            writer.WriteUInt32(1);
            writer.WriteUtf8("text");
            writer.WriteMpint([0, 0x80]);
            WireReader reader = new(output.WrittenMemory);
            _ = reader.ReadUInt32("a");
            _ = reader.ReadStringMemory("b");
            _ = reader.ReadMpint("c");
        }
    }
}
