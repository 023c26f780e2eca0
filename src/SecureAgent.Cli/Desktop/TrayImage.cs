namespace SecureAgent.Cli.Desktop;

/// <summary>The picture in the notification area, drawn here: a key, gold while the agent serves and grey while it is
/// locked.</summary>
internal static class TrayImage
{
    // Alpha, red, green, blue.
    private const uint Gold = 0xFF_E8_B0_20;
    private const uint Grey = 0xFF_90_90_98;
    private const uint Outline = 0xFF_40_38_20;

    /// <summary>Draws it.</summary>
    /// <param name="size">Width and height in pixels.</param>
    /// <param name="isLocked">Whether the agent is locked.</param>
    /// <returns>Rows of 32-bit pixels, blue first, from the top.</returns>
    public static byte[] Draw(int size, bool isLocked)
    {
        byte[] pixels = new byte[size * size * sizeof(uint)];
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                // The middle of the pixel on a field of 16 by 16.
                double column = (x + 0.5) * 16 / size;
                double row = (y + 0.5) * 16 / size;
                uint colour = IsKey(column, row, 0)
                    ? isLocked ? Grey : Gold
                    : IsKey(column, row, 1) ? Outline : 0;
                BitConverter.TryWriteBytes(pixels.AsSpan(((y * size) + x) * sizeof(uint)), colour);
            }
        }

        return pixels;
    }

    /// <summary>Whether a point belongs to the key when everything is thicker by <paramref name="border"/>.</summary>
    private static bool IsKey(double column, double row, double border)
    {
        double distance = Math.Sqrt(Math.Pow(column - 5, 2) + Math.Pow(row - 8, 2));
        bool isRing = distance <= 4 + border && distance >= 2 - border;
        bool isShaft = IsWithin(column, 8, 15, border) && IsWithin(row, 7, 9, border);
        bool isTooth = (IsWithin(column, 10, 11.5, border) || IsWithin(column, 13, 14.5, border))
            && IsWithin(row, 9, 11.5, border);
        return isRing || isShaft || isTooth;
    }

    private static bool IsWithin(double value, double least, double most, double border) =>
        value >= least - border && value <= most + border;
}
