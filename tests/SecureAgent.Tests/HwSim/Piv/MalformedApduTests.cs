using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

public sealed class MalformedApduTests
{
    private const int Rounds = 20_000;

    private static readonly string[] Commands =
    [
        "00A4040005A000000308", "00A4040008A000000527471117", "001D000000", "00FD0000", "00F80000",
        "00F7009A", "00F7009B",
        "0020008008313233343536FFFF", "1020008003313233", "0024008010313233343536FFFF363534333231FFFF",
        "002C0080103132333435363738363534333231FFFF", "00FA0303", "00FB0000", "0047009A05AC03800111",
        "00FE11822206" + "20" + "0101010101010101010101010101010101010101010101010101010101010101",
        "0087119A267C24820081200101010101010101010101010101010101010101010101010101010101010101",
        "00870A9B047C028000", "00870A9B047C028100", "00CB3FFF055C035FC102", "00DB3FFF095C035FC10253020102",
        "00CB3FFF0000055C035FC1020000", "00C0000000", "00F99A00", "00F6829A",
    ];

    [Fact]
    public void Whatever_the_bytes_are_the_answer_is_a_response()
    {
        const int seed = 20261125;
        Random random = new(seed);
        PivCard card = new(new PivCardOptions());
        new CardUser(card).Manage();
        byte[][] vectors = [.. Commands.Select(Convert.FromHexString)];
        for (int round = 0; round < Rounds; round++)
        {
            byte[] command = [.. vectors[random.Next(vectors.Length)]];
            Mutate(ref command, random);
            byte[] response = card.Transmit(command);
            string context = $"seed {seed}, round {round}: {Convert.ToHexString(command)}";
            Assert.True(response.Length >= 2, context);
            Assert.True(response[^2] is 0x90 or 0x61 || response.Length == 2, context);
        }
    }

    private static void Mutate(ref byte[] command, Random random)
    {
        for (int change = random.Next(4); change > 0; change--)
        {
            switch (random.Next(3))
            {
                case 0 when command.Length > 0:
                    command[random.Next(command.Length)] = (byte)random.Next(256);
                    break;
                case 1:
                    command = command[..random.Next(command.Length + 1)];
                    break;
                default:
                    int at = random.Next(command.Length + 1);
                    command = [.. command[..at], (byte)random.Next(256), .. command[at..]];
                    break;
            }
        }
    }
}
