// Reads a histogram log with HdrHistogram itself: a line per tag and percentile, then each percentile distribution.
import java.io.File;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

class HlogCheck {
  public static void main(String[] arguments) throws Exception {
    HistogramLogReader reader = new HistogramLogReader(new File(arguments[0]));
    while (reader.hasNext()) {
      Histogram h = (Histogram) reader.nextIntervalHistogram();
      if (h == null) break;
      System.out.printf("%s %d %d %d %d", h.getTag(), h.getTotalCount(), h.getMaxValue(), h.getStartTimeStamp(),
                        h.getEndTimeStamp());
      for (String q : "50,90,99,99.9".split(",")) {
        System.out.printf(" %d", h.getValueAtPercentile(Double.parseDouble(q)));
      }
      System.out.println();
      if (arguments.length > 1 && h.getTag().equals(arguments[1])) {
        h.outputPercentileDistribution(System.err, 1.0);
        return;
      }
    }
  }
}
