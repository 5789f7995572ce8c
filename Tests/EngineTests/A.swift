import Testing
 import Foundation
