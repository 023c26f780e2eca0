using System.Buffers.Binary;
using SecureAgent.HwSim.Tpm;
using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

public sealed class MalformedCommandTests
{
    private const int Mutations = 20_000;

    [Fact]
    public void Every_command_cut_anywhere_is_refused_and_then_still_works()
    {
        (TpmSimulator simulator, IReadOnlyList<TpmCommand> commands) = ValidCommands.Make();
        foreach (TpmCommand command in commands)
        {
            byte[] whole = command.ToArray();
            for (int length = 0; length < whole.Length; length++)
            {
                byte[] cut = whole[..length];
                AssertRefused(simulator, cut, command.Code);
                if (length >= 6)
                {
                    BinaryPrimitives.WriteInt32BigEndian(cut.AsSpan(2), length);
                    AssertRefused(simulator, cut, command.Code);
                }
            }

            Assert.Equal((command.Code, "000"), (command.Code, $"{CodeOf(simulator.Execute(whole)):X3}"));
        }
    }

    [Fact]
    public void Changed_commands_are_always_answered()
    {
        Random random = new(20261121);
        (TpmSimulator simulator, IReadOnlyList<TpmCommand> commands) = ValidCommands.Make();
        byte[][] valid = [.. commands.Select(command => command.ToArray())];
        for (int i = 0; i < Mutations; i++)
        {
            byte[] command = [.. valid[random.Next(valid.Length)]];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                command[random.Next(6, command.Length)] = (byte)random.Next(256);
            }

            byte[] response = simulator.Execute(command);
            Assert.Equal(response.Length, BinaryPrimitives.ReadInt32BigEndian(response.AsSpan(2)));
            Assert.True(CodeOf(response) == 0 || response.Length == 10);
        }
    }

    [Fact]
    public void Without_power_or_startup_only_startup_is_accepted()
    {
        TpmSimulator simulator = new(new TpmSimulatorOptions());
        byte[] random = new TpmCommand(0x17B).U16(8).ToArray();
        Assert.Equal(0x100u, CodeOf(simulator.Execute(random)));
        simulator.PowerOn();
        Assert.Equal(0x100u, CodeOf(simulator.Execute(random)));
        Assert.Equal(0u, CodeOf(simulator.Execute(Templates.Startup(0).ToArray())));
        Assert.Equal(0u, CodeOf(simulator.Execute(random)));
        Assert.Equal(0x100u, CodeOf(simulator.Execute(Templates.Startup(0).ToArray())));
        simulator.PowerOff();
        Assert.Equal(0x100u, CodeOf(simulator.Execute(random)));
    }

    private static void AssertRefused(TpmSimulator simulator, byte[] command, uint code)
    {
        byte[] response = simulator.Execute(command);
        Assert.True(response.Length == 10 && CodeOf(response) != 0, $"{code:X}: {Convert.ToHexString(command)} was accepted");
    }

    private static uint CodeOf(byte[] response) => BinaryPrimitives.ReadUInt32BigEndian(response.AsSpan(6));
}
